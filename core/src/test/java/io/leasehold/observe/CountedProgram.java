package io.leasehold.observe;

import io.leasehold.netty.LeasedByteBufAllocator;
import io.leasehold.netty.LeasedByteBufAllocatorBuilder;
import io.leasehold.page.PageArenaOptions;
import io.netty.buffer.ByteBuf;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/// A process that holds a hundred buffers of 4 KiB, and then waits until its input ends. Arguments: `busy` to keep
/// allocating meanwhile, `untagged` to set no tag, `kept` for an allocator without decay.
final class CountedProgram {

    static final int BUFFERS = 100;
    static final int BYTES = 4096;
    private static final int HOARDED = 70;

    private CountedProgram() {}

    public static void main(String[] arguments) throws IOException {
        List<String> modes = List.of(arguments);
        LeasedByteBufAllocatorBuilder builder =
                LeasedByteBufAllocator.builder().name("web").byteLimit(64L << 20);
        if (modes.contains("kept")) {
            builder.decay(PageArenaOptions.NO_DECAY);
        }
        LeasedByteBufAllocator allocator = builder.build();
        List<ByteBuf> held = new ArrayList<>();
        for (int i = 0; i < BUFFERS; i++) {
            try (Holder _ = i < HOARDED && !modes.contains("untagged") ? Holder.tag("hoarder") : null) {
                held.add(allocator.directBuffer(BYTES));
            }
        }
        if (modes.contains("busy")) {
            while (System.in.available() == 0) {
                List<ByteBuf> more = new ArrayList<>();
                for (int i = 0; i < BUFFERS; i++) {
                    more.add(allocator.directBuffer(BYTES * 8));
                }
                more.forEach(ByteBuf::release);
            }
        }
        System.in.read();
        held.forEach(ByteBuf::release);
        allocator.close();
    }
}
