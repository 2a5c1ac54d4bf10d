package io.leasehold.bench.agent;

import io.leasehold.netty.LeasedByteBufAllocator;
import io.netty.buffer.ByteBuf;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/// A program that holds buffers of an allocator until its input ends.
final class HoldingProgram {

    static final int BUFFERS = 100;
    static final int BYTES = 1 << 12;

    private HoldingProgram() {}

    public static void main(String[] arguments) throws IOException {
        LeasedByteBufAllocator allocator = LeasedByteBufAllocator.builder()
                .name("web")
                .byteLimit(64L << 20)
                .build();
        List<ByteBuf> held = new ArrayList<>();
        for (int i = 0; i < BUFFERS; i++) {
            held.add(allocator.directBuffer(BYTES));
        }
        int end = System.in.read();
        held.forEach(ByteBuf::release);
        allocator.close();
        System.out.println("end=" + end);
    }
}
