package io.leasehold.netty;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.CompositeByteBuf;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

/// The allocator works the same with and without modules.
class NettyModuleTest {

    @Test
    void nettyIsAModuleWhereWeAreOne() {
        assertThat(ByteBuf.class.getModule().isNamed())
                .isEqualTo(LeasedByteBuf.class.getModule().isNamed());
    }

    @Test
    void buffersAreAllocatedWrittenComposedAndReleased() {
        try (LeasedByteBufAllocator allocator = TestAllocators.small("module")) {
            ByteBuf direct = allocator.directBuffer();
            direct.writeCharSequence("leased ", StandardCharsets.UTF_8);
            ByteBuf heap = allocator.heapBuffer();
            heap.writeCharSequence("memory", StandardCharsets.UTF_8);
            CompositeByteBuf both = allocator.compositeBuffer().addComponents(true, direct, heap);
            assertThat(both.toString(StandardCharsets.UTF_8)).isEqualTo("leased memory");
            assertThat(both.release()).isTrue();
            assertThat(direct.refCnt() + heap.refCnt()).isZero();
        }
    }
}
