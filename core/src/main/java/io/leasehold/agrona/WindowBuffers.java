package io.leasehold.agrona;

import io.leasehold.window.Window;
import org.agrona.DirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;

/// Views of lent windows as Agrona's buffers, to be read, without a copy.
///
/// ```text
///   window --- wrap, rewrap ---> DirectBuffer: address, capacity ----> Agrona's own loads
///     |                              |
///   close <------ first ------- unwrap: capacity 0, every use throws
/// ```
///
/// **Read-only.** A [DirectBuffer] has no method that stores. Agrona has no class that forbids it either: what is given
/// here is an [UnsafeBuffer], and a store through that into a file that is open for reading ends the process. A window
/// for writing is wrapped by [LeaseBuffers#wrap(long, long)], by its address and its size.
///
/// **Ownership.** A view owns nothing and keeps nothing alive: it is good until the window is released, which is
/// checked when it is made, and never again. Afterwards it shows another part of the file, or another file.
///
/// **Threads.** These methods are thread-safe. A view is for one thread to wrap, rewrap and unwrap, while no other uses
/// it, since its address and its capacity are plain fields.
///
/// **Errors.** Where java was started without the option that Agrona needs, every method but [#unwrap] throws an
/// [IllegalStateException] that names it. Where others cut an IMMUTABLE file under a window, what Agrona loads throws
/// an [InternalError], in compiled code a few steps late; its atomic operations end the process then.
public final class WindowBuffers {

    private WindowBuffers() {}

    /// {@return a new view of all of a window, at the alignment that its offset has in the file}
    ///
    /// @param window one that was allocated for reading
    /// @throws IllegalStateException if it is released, or java was started without the option that Agrona needs
    /// @throws IllegalArgumentException if it was allocated for writing, or is longer than a buffer can be, 2 GiB less
    ///     a byte
    public static DirectBuffer wrap(Window window) {
        LeaseBuffers.requireUsable();
        requireForReading(window);
        return new UnsafeBuffer(window.address(), LeaseBuffers.capacity(window.byteSize()));
    }

    /// Makes a buffer a view of all of a window, without garbage; if that is refused it stays what it was.
    ///
    /// @param buffer a view of anything, or of nothing, to be read alone from now on
    /// @param window one that was allocated for reading
    /// @throws IllegalStateException if it is released, or java was started without the option that Agrona needs
    /// @throws IllegalArgumentException if it was allocated for writing, or is longer than a buffer can be, 2 GiB less
    ///     a byte
    public static void rewrap(DirectBuffer buffer, Window window) {
        LeaseBuffers.requireUsable();
        requireForReading(window);
        buffer.wrap(window.address(), LeaseBuffers.capacity(window.byteSize()));
    }

    /// Makes a buffer a view of nothing, as [LeaseBuffers#unwrap]; to be called before the window is released.
    ///
    /// @param buffer a view of anything, or of nothing
    public static void unwrap(DirectBuffer buffer) {
        buffer.wrap(buffer, 0, 0);
    }

    private static void requireForReading(Window window) {
        if (window.isWritable()) {
            throw new IllegalArgumentException("window is for writing: " + window);
        }
    }
}
