package io.leasehold.observe;

import java.util.Map;

/// An allocator whose memory can be shown. `LeasedByteBufAllocator` is one.
///
/// **Threads.** Thread-safe.
public interface ObservedAllocator {

    /// {@return the name of the allocator in messages and reports}
    String name();

    /// {@return a snapshot of its numbers; may be stale} All numbers are zero before its first buffer and after its
    /// close. The cost is in proportion to the number of thread caches, not to the memory in use.
    AllocatorFigures figures();

    /// {@return the bytes of its pages that are resident now, as the kernel reports them; -1 if the kernel does not}
    /// The cost is in proportion to the memory that the arena ever used.
    long residentBytes();

    /// {@return the bytes of outstanding buffers by the tag of their holder} The numbers are exact.
    Map<String, Long> holders();

    /// {@return the places that allocated its outstanding buffers, estimated from samples: a snapshot} The cost is in
    /// proportion to the number of samples.
    Profile profile();

    /// Gives back the memory that no outstanding buffer needs.
    ///
    /// @return number of bytes given back
    long trim();

    /// {@return a table of the memory in use, for people}
    String dumpStats();
}
