package io.leasehold.bench.scenario.growth.measure;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/// Many buffers of one size.
public final class BufferArrays {

    private BufferArrays() {}

    /// Allocates a buffer and writes to its beginning, so that its page is resident.
    ///
    /// @param byteSize capacity and maximum capacity
    /// @return the buffer, to be released by the caller
    public static ByteBuf touched(ByteBufAllocator allocator, int byteSize) {
        return allocator.directBuffer(byteSize, byteSize).setLong(0, 1);
    }

    /// Allocates a buffer for each element of an array.
    public static void fill(ByteBufAllocator allocator, ByteBuf[] buffers, int byteSize) {
        for (int i = 0; i < buffers.length; i++) {
            buffers[i] = touched(allocator, byteSize);
        }
    }

    /// Allocates buffers until the allocator throws, and releases a quarter of them at random places.
    ///
    /// @return the remaining buffers, to be released by the caller
    public static List<ByteBuf> fillAndFreeQuarter(ByteBufAllocator allocator, int byteSize) {
        List<ByteBuf> all = new ArrayList<>();
        try {
            while (true) {
                all.add(touched(allocator, byteSize));
            }
        } catch (OutOfMemoryError e) {
            // the limit is reached, as intended
        }
        Random random = new Random(1);
        List<ByteBuf> left = new ArrayList<>();
        for (ByteBuf buffer : all) {
            if (random.nextInt(4) == 0) {
                buffer.release();
            } else {
                left.add(buffer);
            }
        }
        return left;
    }

    /// {@return work for another thread: allocates `count` buffers, then releases them}
    ///
    /// @param count maximum number of buffers in use; a few fit into the thread's magazine
    public static Stopwatch.Work allocateAndRelease(ByteBufAllocator allocator, int byteSize, int count) {
        ByteBuf[] held = new ByteBuf[count];
        return watch -> {
            for (int i = 0; i < count; i++) {
                held[i] = allocator.directBuffer(byteSize, byteSize);
                watch.lap();
            }
            for (ByteBuf buffer : held) {
                buffer.release();
                watch.lap();
            }
        };
    }

    /// Releases the buffers from index `from` to before index `to`.
    public static void release(ByteBuf[] buffers, int from, int to) {
        for (int i = from; i < to; i++) {
            buffers[i].release();
        }
    }
}
