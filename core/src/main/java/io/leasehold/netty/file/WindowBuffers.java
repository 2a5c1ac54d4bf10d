package io.leasehold.netty.file;

import io.leasehold.netty.ExternalMemory;
import io.leasehold.netty.LeasedByteBufAllocator;
import io.leasehold.window.Window;
import io.netty.buffer.ByteBuf;
import java.io.IOException;
import java.io.UncheckedIOException;

/// Wraps windows as Netty buffers, without a copy.
///
/// ```text
///   window ---> wrap ---> read-only ByteBuf ---> slices, duplicates, NIO views, address
///     ^                          |
///     +------- closed by --- the last release
/// ```
///
/// **Broken promises.** A window of an IMMUTABLE file that is truncated anyway has no bytes any more. If the kernel
/// sends such a window, it fails with EFAULT; Netty turns that into an [IOException] of the write and closes the
/// channel. Code of the JVM that reads the bytes, such as its TLS engine, gets an [InternalError], in compiled code a
/// few steps late. Native code that reads them, such as OpenSSL, ends the process. Such code must get copies, as
/// [FileSource] does.
///
/// **Read-only.** No method of the buffer writes. The buffer below the read-only view has methods that write, and a
/// store into a file that is open for reading ends the process. So do not unwrap it.
///
/// **Threads.** Stateless.
public final class WindowBuffers {

    private WindowBuffers() {}

    /// {@return a read-only buffer over a whole window, readable, with a reference count of 1}
    ///
    /// The buffer takes over the window: the last release closes it, on any thread. If this method throws, the window
    /// stays the caller's.
    ///
    /// @param allocator returned by [ByteBuf#alloc()], and allocates copies of the buffer
    /// @param window a window that was allocated for reading
    /// @throws IllegalArgumentException if the window was allocated for writing, or is longer than 2 GiB less one byte
    /// @throws IllegalStateException if the window is released, or the allocator is closed
    public static ByteBuf wrap(LeasedByteBufAllocator allocator, Window window) {
        return wrap(allocator, window, () -> {});
    }

    /// {@return a read-only buffer over a whole window, as the public method returns it}
    ///
    /// @param afterwards runs after the window was closed
    static ByteBuf wrap(LeasedByteBufAllocator allocator, Window window, Runnable afterwards) {
        if (window.isWritable() || window.byteSize() > Integer.MAX_VALUE) {
            throw unfit(window);
        }
        int byteSize = (int) window.byteSize();
        ExternalMemory external =
                ExternalMemory.of(allocator, handle -> end(window, afterwards), window.address(), byteSize);
        return external.wrap(0, byteSize, byteSize).writerIndex(byteSize).asReadOnly();
    }

    private static void end(Window window, Runnable afterwards) {
        try {
            window.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e); // cannot happen: only closing a window for writing fails
        } finally {
            afterwards.run();
        }
    }

    private static IllegalArgumentException unfit(Window window) {
        return new IllegalArgumentException(
                "window is for writing, or longer than a buffer: window=" + window + ", max=" + Integer.MAX_VALUE);
    }
}
