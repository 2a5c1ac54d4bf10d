package io.leasehold.os;

import io.leasehold.error.SystemCallException;

/// Address ranges of this process as the kernel sees them: reserved, committed, given back, mapped.
///
/// ```text
///            reserve                commit                 touch
///  (nothing) -------> RESERVED  ----------->  COMMITTED ----------> RESIDENT
///      ^                 |        no access     reads zero   <----------
///      |     release     |                                     decommit
///      +-----------------+-------------------------------------------
/// ```
///
/// **Ownership.** The caller owns what [#reserve] returned until it calls [#release]; nothing here remembers it.
///
/// **Threads.** Every method may be called from any thread; calls on disjoint ranges do not disturb each other.
///
/// **Preconditions**, the same for all methods and checked by all of them: an `address` and a `byteSize` are positive
/// multiples of [#pageSize()], and `address + byteSize` does not overflow; else [IllegalArgumentException] names the
/// value and the bound, and nothing was done. A method whose [Capability] is missing throws
/// [UnsupportedOperationException], whatever its arguments; a call that the kernel refuses throws
/// [SystemCallException].
///
/// All sizes, offsets and addresses are in bytes.
public interface VirtualMemory {

    /// What an implementation can do beyond reserving, committing and releasing.
    enum Capability {
        /// [#decommit] frees memory and the range reads as zero.
        DECOMMIT,
        /// [#protect] changes what a range may be used for.
        PROTECT,
        /// [#advise] reaches the kernel; without it advice is accepted and ignored.
        ADVISE,
        /// [#lock] and [#unlock]. A container may refuse them, and a limit of 0 (RLIMIT_MEMLOCK) does.
        LOCK,
        /// [#createMemory], [#map] and [#unmap].
        MAP,
        /// [#remap].
        REMAP,
        /// [#residentBytes].
        RESIDENCY,
        /// [#barrier] is cheap for the threads it interrupts, which then need no fence of their own.
        BARRIER
    }

    /// What backs a range, since the call that frees one kind of page frees nothing of another.
    enum Backing {
        /// Private zero-filled memory, as [#reserve] gives it.
        ANONYMOUS,
        /// Pages of a file from [#createMemory], mapped shared for reading and writing. All mappings of the file then
        /// read as zero there.
        MEMORY_FILE,
        /// Pages of a file of [Files], mapped shared. They are the file's and stay in it: what is given back is how
        /// this process reaches them, and a touch finds them again.
        FILE
    }

    /// What a range may be used for; see mprotect(2).
    enum Protection {
        /// No access: a touch ends the process.
        NONE,
        /// Loads; a store ends the process.
        READ,
        /// Loads and stores.
        READ_WRITE
    }

    /// The advice a buffer manager gives; see madvise(2). What the kernel does not know is ignored, as huge pages may
    /// be left out of it and populating is new in Linux 5.14; so after a populating advice a touch may still fault.
    enum Advice {
        /// No special treatment; the default. Ends [#RANDOM] and [#SEQUENTIAL].
        NORMAL,
        /// Reading ahead is useless.
        RANDOM,
        /// Read ahead far, and drop soon what was read.
        SEQUENTIAL,
        /// Start reading the range now.
        WILL_NEED,
        /// Give back lazily (MADV_FREE): old bytes or zeroes may be read until written. Anonymous memory only.
        FREE,
        /// Back the range with huge pages where that is possible.
        HUGE_PAGE,
        /// Never back the range with huge pages.
        NO_HUGE_PAGE,
        /// Fault pages in for reading without touching them.
        POPULATE_READ,
        /// Fault pages in for writing without touching them.
        POPULATE_WRITE,
        /// Leave the range out of core dumps.
        DONT_DUMP,
        /// Leave the range out of child processes.
        DONT_FORK
    }

    /// {@return the virtual memory of this process}
    ///
    /// Chosen once, together with [AddressSpace], which says how.
    static VirtualMemory system() {
        return AddressSpace.memory();
    }

    /// {@return whether this implementation can do `capability`}
    ///
    /// @param capability what is asked for
    boolean can(Capability capability);

    /// {@return the size of an OS page in bytes, a power of two}
    long pageSize();

    /// {@return the size of a huge page in bytes, or 0 where the system has none}
    long hugePageSize();

    /// {@return the bytes this process may use: the least of physical memory and every cgroup limit above it}
    ///
    /// Read anew by each call.
    long memoryLimit();

    /// {@return how many mappings the kernel lets this process have (vm.max_map_count), or `Long.MAX_VALUE`}
    long mappingLimit();

    /// Reserves address space that costs no memory and may not be touched before [#commit].
    ///
    /// @param byteSize size of the range in bytes, a multiple of [#pageSize()]
    /// @param byteAlignment alignment of the result in bytes, a power of two of at least [#pageSize()]
    /// @return the address, a multiple of `byteAlignment`
    long reserve(long byteSize, long byteAlignment);

    /// Makes a reserved range readable and writable; it reads as zero where it was never written. Committing twice is
    /// harmless and keeps the content.
    ///
    /// @param address start of the range, a multiple of [#pageSize()]
    /// @param byteSize size of the range in bytes, a multiple of [#pageSize()]
    void commit(long address, long byteSize);

    /// Gives the memory of a committed range back to the system. The range stays readable and writable and reads as
    /// zero. The kernel refuses a locked range.
    ///
    /// @param backing what the range is made of, all of it
    /// @param address start of the range, a multiple of [#pageSize()]
    /// @param byteSize size of the range in bytes, a multiple of [#pageSize()]
    void decommit(Backing backing, long address, long byteSize);

    /// Gives scattered ranges back in as few kernel calls as the system allows. After a failure each range either kept
    /// its content or reads as zero, page by page.
    ///
    /// @param backing what the ranges are made of, all of them
    /// @param addresses start of each range, multiples of [#pageSize()]
    /// @param byteSizes size of each range in bytes, multiples of [#pageSize()]
    /// @param count how many elements of both arrays are used, from the first on
    void decommit(Backing backing, long[] addresses, long[] byteSizes, int count);

    /// Ends a reservation, or a part of one, and everything mapped in it. A later touch of the range may end the
    /// process, so only a range that no pointer can reach is released.
    ///
    /// @param address start of the range, a multiple of [#pageSize()]
    /// @param byteSize size of the range in bytes, a multiple of [#pageSize()]
    void release(long address, long byteSize);

    /// Changes what a committed or mapped range may be used for.
    ///
    /// @param address start of the range, a multiple of [#pageSize()]
    /// @param byteSize size of the range in bytes, a multiple of [#pageSize()]
    /// @param protection what is allowed from now on
    void protect(long address, long byteSize, Protection protection);

    /// Tells the kernel how a range will be used.
    ///
    /// @param address start of the range, a multiple of [#pageSize()]
    /// @param byteSize size of the range in bytes, a multiple of [#pageSize()]
    /// @param advice how
    void advise(long address, long byteSize, Advice advice);

    /// Keeps a committed range resident (mlock(2)). Does not nest. After a failure a part of it may be locked.
    ///
    /// @param address start of the range, a multiple of [#pageSize()]
    /// @param byteSize size of the range in bytes, a multiple of [#pageSize()]
    void lock(long address, long byteSize);

    /// Ends [#lock].
    ///
    /// @param address start of the range, a multiple of [#pageSize()]
    /// @param byteSize size of the range in bytes, a multiple of [#pageSize()]
    void unlock(long address, long byteSize);

    /// Creates a file of zeroes that lives in memory only (memfd_create(2)).
    ///
    /// @param name a name for diagnostics, at most 200 printable ASCII characters
    /// @param byteSize size in bytes, a multiple of [#pageSize()], or 0: a mapping beyond the end of the file raises
    ///     [InternalError] in whoever touches it
    /// @return its descriptor, owned by the caller until [#closeMemory]
    int createMemory(String name, long byteSize);

    /// Closes a descriptor from [#createMemory]; ranges that map the file keep it.
    ///
    /// @param descriptor the descriptor, not to be used again also if this throws
    void closeMemory(int descriptor);

    /// Maps a part of a file, shared, over a range reserved before; what was there is replaced atomically.
    ///
    /// @param address start of the range, a multiple of [#pageSize()]
    /// @param byteSize size of the range in bytes, a multiple of [#pageSize()]
    /// @param descriptor the file
    /// @param byteOffset place in the file, a multiple of [#pageSize()]
    /// @param protection what the range may be used for
    void map(long address, long byteSize, int descriptor, long byteOffset, Protection protection);

    /// Replaces a range by fresh anonymous zeroes, readable and writable, atomically: a stale reader never faults.
    ///
    /// @param address start of the range, a multiple of [#pageSize()]
    /// @param byteSize size of the range in bytes, a multiple of [#pageSize()]
    void unmap(long address, long byteSize);

    /// Grows or shrinks an anonymous range that one [#reserve] made, moving it where it must (mremap(2)).
    ///
    /// The range is protected alike throughout, and so is what it grows by, which reads as zero. The alignment of the
    /// reservation is lost if it moves.
    ///
    /// @param address start of the range, a multiple of [#pageSize()]
    /// @param oldByteSize its size in bytes
    /// @param newByteSize its size from now on in bytes, a multiple of [#pageSize()]
    /// @return the address of the range, the old one if it did not move
    long remap(long address, long oldByteSize, long newByteSize);

    /// {@return how many bytes of a range are in memory now, as the kernel says (mincore(2))}
    ///
    /// Of a range that maps a file these are the bytes that the file has in memory, whoever touched them.
    ///
    /// @param address start of the range, a multiple of [#pageSize()]
    /// @param byteSize size of the range in bytes, a multiple of [#pageSize()]
    long residentBytes(long address, long byteSize);

    /// Makes every running thread of this process pass a full memory fence before this returns (membarrier(2),
    /// MEMBARRIER_CMD_PRIVATE_EXPEDITED). A thread that stores and then loads with no fence of its own, only in program
    /// order, is then seen by the caller as if it had one.
    ///
    /// Where the kernel refuses the call after the start, the JVM stops each thread once instead, which takes longer.
    void barrier();

    /// Tells the kernel what a range is called, for `/proc/self/maps` and `/proc/self/smaps`
    /// (PR_SET_VMA_ANON_NAME). Has no effect where the kernel has no such names, and on parts that map a file. Ranges
    /// with different names are different mappings, so the caller names a whole reservation.
    ///
    /// @param address start of the range, a multiple of [#pageSize()]
    /// @param byteSize size of the range in bytes, a multiple of [#pageSize()]
    /// @param name any text; the kernel's form of it is shorter where it is long, and has `_` for characters that the
    ///     kernel does not take
    void name(long address, long byteSize, String name);

    /// Lets the kernel run another thread on the processor of the calling thread (sched_yield(2)). A virtual thread
    /// keeps its carrier, which is what [Thread#yield] gives up. Has no effect where the system has no such call.
    default void yieldProcessor() {
        Thread.onSpinWait();
    }
}
