package io.leasehold.event;

/// Records single buffers in the flight recorder, while a recording asks for one of Netty's three events of buffers.
///
/// ```text
///   AllocateBuffer ---> ( ReallocateBuffer ---> AllocateBuffer )* ---> FreeBuffer
/// ```
///
/// A server may allocate millions of buffers a second. So [FlightEvents#poll] looks whether a recording asks, and the
/// layers above look at [#areWanted] only, or at a condition that includes it.
///
/// **Failures.** As for [FlightEvents]: recording never fails the caller.
///
/// **Threads.** Thread-safe.
public final class BufferEvents {

    private static boolean wanted; // (A) plain: a late reader misses some buffers

    private BufferEvents() {}

    /// {@return true if a recording asked for events of buffers at the last poll}
    public static boolean areWanted() {
        return wanted;
    }

    /// Looks whether a recording asks. The caller has registered the event classes.
    static void poll() {
        wanted = AllocateBufferEvent.SETTINGS.isEnabled()
                || ReallocateBufferEvent.SETTINGS.isEnabled()
                || FreeBufferEvent.SETTINGS.isEnabled();
    }

    /// Records that a buffer was allocated, or has a longer block now.
    ///
    /// @param buffer the buffer
    public static void allocated(RecordedBuffer buffer) {
        if (FlightEvents.areRegistered()) {
            try {
                AllocateBufferEvent.record(buffer);
            } catch (VirtualMachineError | LinkageError e) {
                // the event is lost
            }
        }
    }

    /// Records that a buffer is to get a longer block.
    ///
    /// @param buffer the buffer with its block so far
    /// @param newByteSize capacity in bytes that it is to have
    public static void reallocated(RecordedBuffer buffer, int newByteSize) {
        if (FlightEvents.areRegistered()) {
            try {
                ReallocateBufferEvent.record(buffer, newByteSize);
            } catch (VirtualMachineError | LinkageError e) {
                // the event is lost
            }
        }
    }

    /// Records that the last reference to a buffer was released.
    ///
    /// @param buffer the buffer
    public static void freed(RecordedBuffer buffer) {
        if (FlightEvents.areRegistered()) {
            try {
                FreeBufferEvent.record(buffer);
            } catch (VirtualMachineError | LinkageError e) {
                // the event is lost
            }
        }
    }
}
