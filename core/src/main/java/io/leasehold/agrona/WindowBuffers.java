package io.leasehold.agrona;

import io.leasehold.window.Window;
import org.agrona.DirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;

/// Wraps file windows in Agrona's buffers for reading, without a copy.
///
/// ```text
///   window --- wrap, rewrap ---> DirectBuffer: address, capacity ----> Agrona's own loads
///     |                              |
///   close <------ first ------- unwrap: capacity 0, every use throws
/// ```
///
/// **Read-only.** A [DirectBuffer] has no method that stores. But Agrona has no read-only class: the views of this
/// class are [UnsafeBuffer]s, and a store through a cast view into a file that is open for reading ends the process.
/// Use [LeaseBuffers#wrap(long, long)] to wrap a window for writing, by its address and size.
///
/// **Ownership.** A view owns nothing and keeps nothing alive. It is valid until the window is released. The window is
/// checked when the view is created, and never again. After the release the view shows another part of the file, or
/// another file.
///
/// **Threads.** These methods are thread-safe. While one thread wraps, rewraps or unwraps a view, no other thread may
/// use the view, because its address and capacity are plain fields.
///
/// **Errors.** If java was started without the option that Agrona needs, every method except [#unwrap] throws an
/// [IllegalStateException] that names the option. If another process truncates an IMMUTABLE file under a window, loads
/// by Agrona throw an [InternalError], in compiled code a few steps late. Atomic operations by Agrona end the process
/// then.
public final class WindowBuffers {

    private WindowBuffers() {}

    /// {@return a new view of a whole window, aligned like its offset in the file}
    ///
    /// @param window a window that was allocated for reading
    /// @throws IllegalStateException if the window is released, or java was started without the option that Agrona
    ///     needs
    /// @throws IllegalArgumentException if the window was allocated for writing, or is longer than a buffer can be, 2
    ///     GiB less a byte
    public static DirectBuffer wrap(Window window) {
        LeaseBuffers.requireUsable();
        requireForReading(window);
        return new UnsafeBuffer(window.address(), LeaseBuffers.capacity(window.byteSize()));
    }

    /// Makes a buffer a view of a whole window, without allocating an object. If this throws, the buffer is unchanged.
    ///
    /// @param buffer any buffer, also an empty one; afterwards only for reading
    /// @param window a window that was allocated for reading
    /// @throws IllegalStateException if the window is released, or java was started without the option that Agrona
    ///     needs
    /// @throws IllegalArgumentException if the window was allocated for writing, or is longer than a buffer can be, 2
    ///     GiB less a byte
    public static void rewrap(DirectBuffer buffer, Window window) {
        LeaseBuffers.requireUsable();
        requireForReading(window);
        buffer.wrap(window.address(), LeaseBuffers.capacity(window.byteSize()));
    }

    /// Makes a buffer empty, as [LeaseBuffers#unwrap] does. Call this before the window is released.
    ///
    /// @param buffer any buffer, also an empty one
    public static void unwrap(DirectBuffer buffer) {
        buffer.wrap(buffer, 0, 0);
    }

    private static void requireForReading(Window window) {
        if (window.isWritable()) {
            throw new IllegalArgumentException("window is not read-only: " + window);
        }
    }
}
