package io.leasehold.event;

/// Records events of the library in the flight recorder (JFR) of the JVM, while a recording asks for them.
///
/// ```text
///   no recorder           poll: one volatile load of the JDK; no event class is loaded
///   a recorder starts     the next poll registers the event classes, on the maintenance thread
///   a recording asks      an event that happens is recorded by the method named after it
/// ```
///
/// Loading an event class starts a part of the recorder, which takes some hundred milliseconds. So no event class is
/// loaded before the JVM has a recorder. The class is registered on the maintenance thread, which holds no lock then,
/// because registering takes locks of the recorder.
///
/// **Delay.** A recording gets events after the next tick of any arena that does not rest. An arena that rests has its
/// next tick at most an eighth of its decay after it is used again.
///
/// **Failures.** Recording an event never fails the caller. If the Java heap is full, the event is lost.
///
/// **Threads.** Thread-safe.
public final class FlightEvents {

    private static final boolean AVAILABLE =
            ModuleLayer.boot().findModule("jdk.jfr").isPresent();

    private static volatile boolean registered; // (A)
    private static volatile boolean broken; // (A) the recorder refused the classes

    private FlightEvents() {}

    /// Registers the event classes if the JVM has a recorder, and looks whether a recording asks for events of buffers.
    /// Called by the maintenance thread.
    public static void poll() {
        if (AVAILABLE && !broken) {
            try {
                registered = registered || Recorder.tryRegister();
                if (registered) {
                    BufferEvents.poll();
                }
            } catch (RuntimeException | LinkageError | OutOfMemoryError | StackOverflowError e) {
                broken = !(e instanceof VirtualMachineError);
            }
        }
    }

    /// {@return true if events may be recorded; if false, no event class may be used}
    public static boolean areRegistered() {
        return registered;
    }

    /// Records that pages were given back to the kernel.
    ///
    /// @param arena name of the arena
    /// @param runs number of runs in the batch
    /// @param byteSize bytes of the batch
    /// @param nanos time that the call took
    /// @param succeeded false if the kernel refused
    public static void pagesDecommitted(String arena, int runs, long byteSize, long nanos, boolean succeeded) {
        if (registered) {
            try {
                PageDecommitEvent.record(arena, runs, byteSize, nanos, succeeded);
            } catch (VirtualMachineError | LinkageError e) {
                // the event is lost
            }
        }
    }

    /// Records that a budget rejected a reservation.
    ///
    /// @param budget name of the budget
    /// @param byteSize bytes that were requested
    /// @param usedBytes bytes that were reserved
    /// @param limitBytes the limit
    public static void budgetRefused(String budget, long byteSize, long usedBytes, long limitBytes) {
        if (registered) {
            try {
                BudgetRefusalEvent.record(budget, byteSize, usedBytes, limitBytes);
            } catch (VirtualMachineError | LinkageError e) {
                // the event is lost
            }
        }
    }

    /// Records that a part of a file was mapped.
    ///
    /// @param file the file; its text is read only if the event is recorded
    /// @param offset first byte of the part
    /// @param byteSize bytes of the part
    /// @param address address of the mapping
    public static void windowMapped(Object file, long offset, long byteSize, long address) {
        if (registered) {
            try {
                WindowFaultEvent.record(file, offset, byteSize, address);
            } catch (VirtualMachineError | LinkageError e) {
                // the event is lost
            }
        }
    }

    /// Records that a pool of pages for devices added a slab.
    ///
    /// @param pool name of the pool
    /// @param byteSize bytes of the slab
    /// @param pages number of pages in the slab
    /// @param address address of the slab
    public static void ringGrew(String pool, long byteSize, int pages, long address) {
        if (registered) {
            try {
                RingGrowthEvent.record(pool, byteSize, pages, address);
            } catch (VirtualMachineError | LinkageError e) {
                // the event is lost
            }
        }
    }

    /// Records that a heap allocated or freed a slab, as Netty's events of chunks.
    ///
    /// @param allocatorType class of the allocator that the heap belongs to
    /// @param byteSize bytes of the slab
    /// @param isDirect false if the slab is on the Java heap
    /// @param address address of the slab, or 0 on the Java heap
    /// @param isAllocated true for an allocation, false for a release
    public static void chunk(
            Class<?> allocatorType, int byteSize, boolean isDirect, long address, boolean isAllocated) {
        if (registered) {
            try {
                if (isAllocated) {
                    AllocateChunkEvent.record(allocatorType, byteSize, isDirect, address);
                } else {
                    FreeChunkEvent.record(allocatorType, byteSize, isDirect, address);
                }
            } catch (VirtualMachineError | LinkageError e) {
                // the event is lost
            }
        }
    }
}
