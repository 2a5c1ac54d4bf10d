package io.leasehold.netty.file;

import io.leasehold.netty.ExternalMemory;
import io.leasehold.netty.LeasedByteBufAllocator;
import io.leasehold.window.Window;
import io.netty.buffer.ByteBuf;
import java.io.IOException;
import java.io.UncheckedIOException;

/// Lent windows as Netty's buffers, without a copy.
///
/// ```text
///   window ---> wrap ---> read-only ByteBuf ---> slices, duplicates, NIO views, address
///     ^                          |
///     +------- closed by --- the last release
/// ```
///
/// **Broken promises.** A window of an IMMUTABLE file that is cut all the same has no bytes any more. The kernel
/// refuses to send them (EFAULT), which Netty makes an [IOException] of the write and closes the channel. Code of the
/// JVM that reads them, as its TLS engine does, gets an [InternalError], in compiled code a few steps late. Native code
/// that reads them, as OpenSSL does, ends the process: it is given copies ([FileSource] does so).
///
/// **Read-only.** No method of the buffer writes. What it unwraps to would, and a store into a file that is open for
/// reading ends the process; so it is not unwrapped.
///
/// **Threads.** Stateless.
public final class WindowBuffers {

    private WindowBuffers() {}

    /// {@return all of a window, readable and read-only; one reference to it}
    ///
    /// The window is the buffer's from now on, and is closed by its last release, on whichever thread. If this throws
    /// it is still the caller's.
    ///
    /// @param allocator what the buffer says it is of, and what copies of it are made by
    /// @param window one that was allocated for reading
    /// @throws IllegalArgumentException if it was allocated for writing, or has more than 2 GiB less a byte
    /// @throws IllegalStateException if it is released, or the allocator is closed
    public static ByteBuf wrap(LeasedByteBufAllocator allocator, Window window) {
        return wrap(allocator, window, () -> {});
    }

    /// {@return the same, with something to be done after the window was closed}
    static ByteBuf wrap(LeasedByteBufAllocator allocator, Window window, Runnable afterwards) {
        if (window.isWritable() || window.byteSize() > Integer.MAX_VALUE) {
            throw unfit(window);
        }
        int byteSize = (int) window.byteSize();
        ExternalMemory external =
                ExternalMemory.of(allocator, handle -> end(window, afterwards), window.address(), byteSize);
        return external.lend(0, byteSize, byteSize).writerIndex(byteSize).asReadOnly();
    }

    private static void end(Window window, Runnable afterwards) {
        try {
            window.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e); // only what was allocated for writing has anything to fail with
        } finally {
            afterwards.run();
        }
    }

    private static IllegalArgumentException unfit(Window window) {
        return new IllegalArgumentException(
                "window is for writing, or longer than a buffer: bound=" + Integer.MAX_VALUE + ", " + window);
    }
}
