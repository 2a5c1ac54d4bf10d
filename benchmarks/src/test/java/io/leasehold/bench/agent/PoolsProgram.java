package io.leasehold.bench.agent;

import io.netty.buffer.AdaptiveByteBufAllocator;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.PooledByteBufAllocator;
import java.util.List;

/// A program that knows Netty only. It prints the class of a direct buffer of each pool.
final class PoolsProgram {

    private static final int BYTES = 1 << 12;

    private PoolsProgram() {}

    public static void main(String[] arguments) {
        List<ByteBufAllocator> pools =
                List.of(ByteBufAllocator.DEFAULT, PooledByteBufAllocator.DEFAULT, new AdaptiveByteBufAllocator());
        for (ByteBufAllocator pool : pools) {
            ByteBuf buffer = pool.directBuffer(BYTES).writeLong(BYTES);
            System.out.println("buffer=" + innermost(buffer).getClass().getName() + ", value=" + buffer.getLong(0));
            buffer.release();
        }
    }

    /// {@return the buffer that the leak detection wraps}
    private static ByteBuf innermost(ByteBuf buffer) {
        ByteBuf inner = buffer.unwrap();
        return inner == null ? buffer : innermost(inner);
    }
}
