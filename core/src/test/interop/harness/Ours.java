package interop;

import io.netty.buffer.ByteBufAllocator;

/// Our allocator, as a program reaches it.
interface Ours {

    /// {@return the allocator to hand to the server; null if the server has it without being told}
    ByteBufAllocator option();

    /// {@return the bytes of outstanding buffers}
    long pinnedBytes();

    /// {@return the bytes that are held for buffers, in use or not}
    long heldBytes();

    /// Closes the allocator, if it can be closed.
    ///
    /// @throws IllegalStateException if a buffer is outstanding
    void close();
}
