package io.leasehold.observe;

import java.util.Map;

/// The values and operations of an allocator in JMX, under `io.leasehold:type=Allocator,name=<name>`. Each call reads
/// the current values.
///
/// **Threads.** Thread-safe.
public interface AllocatorMXBean {

    /// {@return the name of the allocator}
    String getName();

    /// {@return the maximum number of bytes that direct buffers may hold}
    long getLimitBytes();

    /// {@return the bytes of address space of direct buffers}
    long getReservedBytes();

    /// {@return the bytes that may hold memory and are charged to the budget}
    long getCommittedBytes();

    /// {@return the bytes of pages that are resident now; -1 if the kernel does not report them}
    long getResidentBytes();

    /// {@return the bytes that direct buffers have allocated from the arena, in use or not}
    long getDirectBytes();

    /// {@return the bytes in the arrays of heap buffers, in use or not}
    long getHeapBytes();

    /// {@return the bytes of the blocks of outstanding buffers}
    long getPinnedBytes();

    /// {@return the number of outstanding buffers}
    long getPinnedBuffers();

    /// {@return the bytes of free blocks in the magazines of threads and in depots}
    long getCachedBytes();

    /// {@return the number of reservations that the budget or a parent rejected}
    long getRefusals();

    /// {@return the number of flushes of the page caches of all threads}
    long getReclaims();

    /// {@return the number of runs of pages that were given back to the kernel}
    long getDecommits();

    /// {@return the number of kernel calls that failed}
    long getKernelFaults();

    /// {@return the number of direct buffers in use, by the bytes of their blocks}
    Map<Integer, Long> getDirectBuffersBySize();

    /// {@return the bytes of outstanding buffers by the tag of their holder}
    Map<String, Long> getHolders();

    /// {@return the holders of outstanding buffers, for people: exact by tag, and estimated by tag, size, age and
    /// stack}
    ///
    /// @param rows maximum number of rows of each table, at least 1
    /// @throws IllegalArgumentException if `rows` is less than 1
    String holderTable(int rows);

    /// {@return the profile of outstanding buffers as collapsed stacks, which flame graph tools read}
    String collapsedStacks();

    /// {@return the profile of outstanding buffers as a file for `go tool pprof`}
    byte[] pprof();

    /// Gives back the memory that no outstanding buffer needs.
    ///
    /// @return number of bytes given back
    long trim();

    /// {@return a table of the memory in use, for people}
    String dump();
}
