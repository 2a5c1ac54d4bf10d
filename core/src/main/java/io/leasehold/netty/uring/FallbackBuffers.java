package io.leasehold.netty.uring;

import static io.leasehold.text.Texts.format;

import io.leasehold.memory.OffHeap;
import io.leasehold.memory.StripedCounter;
import io.leasehold.netty.LeasedByteBufAllocator;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.UnpooledByteBufAllocator;
import org.jspecify.annotations.Nullable;

/// Buffers in place of pages: buffers of the allocator or, if the allocator rejects the request, unpooled buffers
/// without a limit.
///
/// **Threads.** Thread-safe.
final class FallbackBuffers {

    /// Minimum length of an unpooled buffer in bytes. A connection would hardly progress with shorter ones.
    private static final int MIN_BYTES = 512;

    private final LeasedByteBufAllocator allocator; // (C)
    private final StripedCounter leased = new StripedCounter(); // (A)
    private final StripedCounter unpooled = new StripedCounter(); // (A)

    FallbackBuffers(LeasedByteBufAllocator allocator) {
        this.allocator = allocator;
    }

    /// {@return a direct buffer; it is shorter than `byteSize` if the process has too little direct memory left}
    ///
    /// @throws OutOfMemoryError if not even [#MIN_BYTES] are left
    ByteBuf allocate(int byteSize) {
        ByteBuf buf = tryLease(byteSize);
        if (buf != null) {
            leased.increment();
            return buf;
        }
        unpooled.increment();
        for (int size = byteSize; ; size /= 2) {
            try {
                return UnpooledByteBufAllocator.DEFAULT.directBuffer(size, size);
            } catch (OutOfMemoryError e) {
                if (size <= MIN_BYTES) {
                    throw e;
                }
            }
        }
    }

    /// {@return a copy of memory in a buffer of the allocator, or null if the allocator rejects the request}
    @Nullable ByteBuf tryCopy(long address, int byteSize) {
        ByteBuf copy = tryLease(byteSize);
        return copy == null ? null : write(copy, address, byteSize);
    }

    /// {@return a copy of memory in a buffer of the allocator or, if it rejects the request, in an unpooled buffer}
    ByteBuf copy(long address, int byteSize) {
        ByteBuf copy = tryCopy(address, byteSize);
        if (copy != null) {
            leased.increment();
            return copy;
        }
        unpooled.increment();
        return write(UnpooledByteBufAllocator.DEFAULT.directBuffer(byteSize, byteSize), address, byteSize);
    }

    private @Nullable ByteBuf tryLease(int byteSize) {
        try {
            return allocator.directBuffer(byteSize);
        } catch (OutOfMemoryError e) {
            return null; // the allocator has logged why
        }
    }

    /// Copies memory to a buffer, or releases the buffer.
    private static ByteBuf write(ByteBuf copy, long address, int byteSize) {
        boolean isWritten = false;
        try {
            copy.writeBytes(OffHeap.segment(address, byteSize).asByteBuffer());
            isWritten = true;
            return copy;
        } finally {
            if (!isWritten) {
                copy.release(); // the Java heap has no space for the view
            }
        }
    }

    long leased() {
        return leased.sum();
    }

    long unpooled() {
        return unpooled.sum();
    }

    @Override
    public String toString() {
        return format("FallbackBuffers(leased=%d, unpooled=%d, of %s)", leased(), unpooled(), allocator);
    }
}
