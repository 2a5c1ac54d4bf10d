package io.leasehold.os;

import io.leasehold.error.SystemCallException;

/// Address ranges of this process as the kernel sees them: reserved, committed, decommitted, mapped.
///
/// ```text
///            reserve                commit                 touch
///  (nothing) -------> RESERVED  ----------->  COMMITTED ----------> RESIDENT
///      ^                 |        no access     reads zero   <----------
///      |     release     |                                     decommit
///      +-----------------+-------------------------------------------
/// ```
///
/// **Ownership.** The caller owns the range that [#reserve] returned until it calls [#release]. No record of it is kept
/// here.
///
/// **Threads.** Every method may be called from any thread. Calls on disjoint ranges do not affect each other.
///
/// **Preconditions** are the same for all methods, and every method checks them. `address` and `byteSize` are positive
/// multiples of [#pageSize()], and `address + byteSize` does not overflow. Otherwise [IllegalArgumentException] names
/// the value and the limit, and nothing is changed. A method whose [Capability] is missing throws
/// [UnsupportedOperationException], whatever its arguments. [#advise] is the exception: it then has no effect. A call
/// that the kernel refuses throws [SystemCallException].
///
/// All sizes, offsets and addresses are in bytes.
public interface VirtualMemory {

    /// What an implementation can do in addition to reserving, committing and releasing.
    enum Capability {
        /// [#decommit] frees memory and the range reads as zero.
        DECOMMIT,
        /// [#protect] changes the access rights of a range.
        PROTECT,
        /// [#advise] reaches the kernel; without it advice is accepted and ignored.
        ADVISE,
        /// [#lock] and [#unlock]. A container may refuse them. A limit of 0 (RLIMIT_MEMLOCK) refuses them always.
        LOCK,
        /// [#createMemory], [#map] and [#unmap].
        MAP,
        /// [#remap].
        REMAP,
        /// [#residentBytes]. A container may refuse it, and so may a filter that is installed later.
        RESIDENCY,
        /// [#barrier] is cheap for the threads that it interrupts, so they need no fence of their own.
        BARRIER
    }

    /// The kind of pages behind a range. Each kind needs another system call to be freed.
    enum Backing {
        /// Private zero-filled memory, as [#reserve] returns it.
        ANONYMOUS,
        /// Pages of a file from [#createMemory], mapped shared for reading and writing. After a decommit the range
        /// reads as zero in all mappings of the file.
        MEMORY_FILE,
        /// Pages of a file of [Files], mapped shared. They belong to the file and stay in it. A decommit frees only the
        /// page table entries of this process, and the next touch finds the pages again.
        FILE
    }

    /// Access rights of a range, see mprotect(2).
    enum Protection {
        /// No access: a touch ends the process.
        NONE,
        /// Loads only: a store ends the process.
        READ,
        /// Loads and stores.
        READ_WRITE
    }

    /// Advice that a buffer manager gives, see madvise(2). Advice that the kernel does not know is ignored: huge pages
    /// may be missing from it, and populating is new in Linux 5.14. So a touch may still fault after a populating
    /// advice.
    enum Advice {
        /// No special treatment; the default. Ends [#RANDOM] and [#SEQUENTIAL].
        NORMAL,
        /// Do not read ahead.
        RANDOM,
        /// Read ahead far, and drop soon the pages that were read.
        SEQUENTIAL,
        /// Start reading the range now.
        WILL_NEED,
        /// Free the pages lazily (MADV_FREE): until a page is written, it reads as old bytes or as zero. Anonymous
        /// memory only.
        FREE,
        /// Back the range with huge pages where possible.
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
    /// It is chosen once, together with [AddressSpace], which describes the choice.
    static VirtualMemory system() {
        return AddressSpace.memory();
    }

    /// {@return true if this implementation has `capability`}
    ///
    /// @param capability the capability
    boolean can(Capability capability);

    /// {@return the size of an OS page in bytes, a power of two}
    long pageSize();

    /// {@return the size of a huge page in bytes, or 0 if the system has none}
    long hugePageSize();

    /// {@return the number of bytes this process may use: the minimum of physical memory and of all cgroup limits that
    /// apply}
    ///
    /// Each call reads it anew.
    long memoryLimit();

    /// {@return the maximum number of mappings of this process (vm.max_map_count), or `Long.MAX_VALUE` if there is no
    /// limit}
    long mappingLimit();

    /// Reserves address space. It uses no memory and must not be touched before [#commit].
    ///
    /// @param byteSize size of the range in bytes, a multiple of [#pageSize()]
    /// @param byteAlignment alignment of the result in bytes, a power of two of at least [#pageSize()]
    /// @return the address, a multiple of `byteAlignment`
    long reserve(long byteSize, long byteAlignment);

    /// Makes a reserved range readable and writable. The range reads as zero where it was never written. A second
    /// commit of the same range is harmless and keeps the content.
    ///
    /// @param address start of the range, a multiple of [#pageSize()]
    /// @param byteSize size of the range in bytes, a multiple of [#pageSize()]
    void commit(long address, long byteSize);

    /// Gives the memory of a committed range back to the system. The range stays readable and writable and reads as
    /// zero. The kernel refuses a locked range.
    ///
    /// @param backing kind of all pages of the range
    /// @param address start of the range, a multiple of [#pageSize()]
    /// @param byteSize size of the range in bytes, a multiple of [#pageSize()]
    void decommit(Backing backing, long address, long byteSize);

    /// Gives the memory of scattered ranges back to the system, in as few system calls as possible. After a failure
    /// each page either keeps its content or reads as zero.
    ///
    /// @param backing kind of all pages of the ranges
    /// @param addresses start of each range, multiples of [#pageSize()]
    /// @param byteSizes size of each range in bytes, multiples of [#pageSize()]
    /// @param count number of elements used in both arrays, from the first on
    void decommit(Backing backing, long[] addresses, long[] byteSizes, int count);

    /// Ends a reservation, or a part of one, and removes all mappings in it. A later touch of the range may end the
    /// process, so the caller releases only a range that no pointer can reach.
    ///
    /// @param address start of the range, a multiple of [#pageSize()]
    /// @param byteSize size of the range in bytes, a multiple of [#pageSize()]
    void release(long address, long byteSize);

    /// Changes the access rights of a committed or mapped range.
    ///
    /// @param address start of the range, a multiple of [#pageSize()]
    /// @param byteSize size of the range in bytes, a multiple of [#pageSize()]
    /// @param protection the new access rights
    void protect(long address, long byteSize, Protection protection);

    /// Advises the kernel how a range will be used.
    ///
    /// @param address start of the range, a multiple of [#pageSize()]
    /// @param byteSize size of the range in bytes, a multiple of [#pageSize()]
    /// @param advice the advice
    void advise(long address, long byteSize, Advice advice);

    /// Locks a committed range in memory (mlock(2)). Locks do not nest. After a failure a part of the range may be
    /// locked.
    ///
    /// @param address start of the range, a multiple of [#pageSize()]
    /// @param byteSize size of the range in bytes, a multiple of [#pageSize()]
    void lock(long address, long byteSize);

    /// Unlocks a range that [#lock] locked.
    ///
    /// @param address start of the range, a multiple of [#pageSize()]
    /// @param byteSize size of the range in bytes, a multiple of [#pageSize()]
    void unlock(long address, long byteSize);

    /// Creates a file of zeroes that exists in memory only (memfd_create(2)).
    ///
    /// @param name a name for diagnostics, at most 200 printable ASCII characters
    /// @param byteSize size in bytes, a multiple of [#pageSize()], or 0. A mapping beyond the end of the file raises
    ///     [InternalError] in the thread that touches it
    /// @return the descriptor, owned by the caller until [#closeMemory]
    int createMemory(String name, long byteSize);

    /// Closes a descriptor from [#createMemory]. Ranges that map the file stay mapped.
    ///
    /// @param descriptor the descriptor; it must not be used again, even if this method throws
    void closeMemory(int descriptor);

    /// Maps a part of a file, shared, over a reserved range. It replaces the old content atomically.
    ///
    /// @param address start of the range, a multiple of [#pageSize()]
    /// @param byteSize size of the range in bytes, a multiple of [#pageSize()]
    /// @param descriptor descriptor of the file
    /// @param byteOffset offset in the file in bytes, a multiple of [#pageSize()]
    /// @param protection access rights of the range
    void map(long address, long byteSize, int descriptor, long byteOffset, Protection protection);

    /// Replaces a range atomically by new anonymous zeroes, readable and writable. A stale reader never faults.
    ///
    /// @param address start of the range, a multiple of [#pageSize()]
    /// @param byteSize size of the range in bytes, a multiple of [#pageSize()]
    void unmap(long address, long byteSize);

    /// Grows or shrinks an anonymous range that one [#reserve] returned. Moves the range if it has to (mremap(2)).
    ///
    /// All pages of the range must have the same access rights. The added pages get the same rights and read as zero.
    /// If the range moves, the alignment of the reservation no longer holds.
    ///
    /// @param address start of the range, a multiple of [#pageSize()]
    /// @param oldByteSize current size of the range in bytes
    /// @param newByteSize new size of the range in bytes, a multiple of [#pageSize()]
    /// @return the address of the range; it is the old one if the range did not move
    long remap(long address, long oldByteSize, long newByteSize);

    /// {@return the number of bytes of a range that are in memory now, as the kernel says (mincore(2))}
    ///
    /// For a range that maps a file, these are the bytes of the file in memory, whichever process touched them.
    ///
    /// @param address start of the range, a multiple of [#pageSize()]
    /// @param byteSize size of the range in bytes, a multiple of [#pageSize()]
    long residentBytes(long address, long byteSize);

    /// Makes every running thread of this process pass a full memory fence before this method returns (membarrier(2),
    /// MEMBARRIER_CMD_PRIVATE_EXPEDITED). So to the caller, another thread that stores and then loads behaves as if it
    /// executed a fence between the two, although it executes none.
    ///
    /// If the kernel refuses the call later, after the probe allowed it, the JVM stops each thread once instead. That
    /// takes longer.
    void barrier();

    /// Names a range for `/proc/self/maps` and `/proc/self/smaps` (PR_SET_VMA_ANON_NAME). It has no effect if the
    /// kernel has no such names, and none on parts that map a file. Ranges with different names are different mappings,
    /// so the caller names a whole reservation.
    ///
    /// @param address start of the range, a multiple of [#pageSize()]
    /// @param byteSize size of the range in bytes, a multiple of [#pageSize()]
    /// @param name any text. A long text is shortened, and characters that the kernel does not accept become `_`
    void name(long address, long byteSize, String name);

    /// Lets the kernel run another thread on the processor of the calling thread (sched_yield(2)). A virtual thread
    /// keeps its carrier thread; [Thread#yield] would give up only the carrier. It has no effect if the system has no
    /// such call.
    default void yieldProcessor() {
        Thread.onSpinWait();
    }
}
