package io.leasehold.netty;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.leasehold.budget.MemoryBudget;
import io.leasehold.os.VirtualMemory;
import io.leasehold.os.VirtualMemory.Capability;
import io.netty.buffer.ByteBuf;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Buffers near the maximum length of a `ByteBuf`. Only their ends are touched.
class HugeBufferTest {

    private static final int LARGEST = Integer.MAX_VALUE - 8;

    private final LeasedByteBufAllocator allocator = LeasedByteBufAllocator.builder()
            .name("huge")
            .budget(MemoryBudget.of("huge", VirtualMemory.system().can(Capability.MAP) ? 3L << 30 : 16 << 20))
            .build();

    @AfterEach
    void close() {
        allocator.close();
    }

    @ParameterizedTest
    @ValueSource(ints = {15 << 27, (15 << 27) + 1, LARGEST - 4_096, LARGEST})
    void everySizeUpToTheLargestIsAllocatedOrRefused(int byteSize) {
        ByteBuf buf;
        try {
            buf = allocator.directBuffer(byteSize, Integer.MAX_VALUE);
        } catch (BufferMemoryError e) {
            assertThat(VirtualMemory.system().can(Capability.MAP))
                    .as(e.getMessage())
                    .isFalse();
            return;
        }
        buf.setByte(0, 1).setByte(byteSize - 1, 2);
        assertThat(buf.getByte(0)).isEqualTo((byte) 1);
        assertThat(buf.getByte(byteSize - 1)).isEqualTo((byte) 2);
        assertThat(buf.capacity()).isEqualTo(byteSize);
        assertThat(buf.nioBuffer(0, byteSize).remaining()).isEqualTo(byteSize);
        buf.release();
    }

    @Test
    void moreThanTheLargestIsRefusedAsMemory() {
        for (int byteSize : new int[] {LARGEST + 1, Integer.MAX_VALUE}) {
            assertThatThrownBy(() -> allocator.directBuffer(byteSize))
                    .isInstanceOf(BufferMemoryError.class)
                    .hasMessageStartingWith(
                            "no memory for a direct buffer, the request is more than the largest buffer:"
                                    + " allocator=huge")
                    .hasMessageEndingWith("max=2,147,483,639 B");
            assertThatThrownBy(() -> allocator.heapBuffer(byteSize)).isInstanceOf(BufferMemoryError.class);
        }
    }

    @Test
    void growthBeyondTheLargestIsRefusedAndChangesNothing() {
        for (ByteBuf buf : new ByteBuf[] {allocator.directBuffer(16), allocator.heapBuffer(16)}) {
            buf.writeLong(7);
            assertThatThrownBy(() -> buf.capacity(Integer.MAX_VALUE)).isInstanceOf(BufferMemoryError.class);
            assertThatThrownBy(() -> buf.ensureWritable(LARGEST - 7)).isInstanceOf(BufferMemoryError.class);
            assertThat(buf.capacity()).isEqualTo(16);
            assertThat(buf.readLong()).isEqualTo(7);
            buf.release();
        }
    }

    @Test
    void growthAimsNoHigherThanTheLargest() {
        assertThat(allocator.calculateNewCapacity(LARGEST - 100, Integer.MAX_VALUE))
                .isEqualTo(LARGEST);
        assertThat(allocator.calculateNewCapacity(Integer.MAX_VALUE, Integer.MAX_VALUE))
                .isEqualTo(Integer.MAX_VALUE);
        assertThat(allocator.calculateNewCapacity(100, 1_000)).isEqualTo(128);
    }

    /// The maximum Java heap of a test is smaller than that.
    @Test
    void fullJavaHeapIsTheSameError() {
        assertThatThrownBy(() -> allocator.heapBuffer(LARGEST))
                .isInstanceOf(BufferMemoryError.class)
                .hasMessageStartingWith("no memory for a heap buffer, the Java heap is full: allocator=huge")
                .hasCauseInstanceOf(OutOfMemoryError.class);
        allocator.heapBuffer(100).release();
    }
}
