package io.leasehold.netty.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import io.leasehold.netty.LeasedByteBufAllocator;
import io.leasehold.netty.TestAllocators;
import io.netty.buffer.AbstractByteBufAllocatorTest;
import io.netty.buffer.ByteBuf;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BiFunction;
import java.util.function.LongSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/// Netty's own tests of allocators.
class AllocatorTest extends AbstractByteBufAllocatorTest<LeasedByteBufAllocator> {

    private final List<LeasedByteBufAllocator> opened = new ArrayList<>();

    @AfterEach
    void close() {
        opened.forEach(LeasedByteBufAllocator::close);
    }

    @Override
    protected LeasedByteBufAllocator newAllocator(boolean preferDirect) {
        LeasedByteBufAllocator allocator = TestAllocators.builder("allocator", 64 << 20)
                .preferDirect(preferDirect)
                .build();
        opened.add(allocator);
        return allocator;
    }

    @Override
    protected LeasedByteBufAllocator newUnpooledAllocator() {
        return newAllocator(false);
    }

    /// Netty's default names its own classes.
    @Override
    @Test
    public void testUnsafeHeapBufferAndUnsafeDirectBuffer() {
        LeasedByteBufAllocator allocator = newUnpooledAllocator();
        ByteBuf direct = allocator.directBuffer();
        assertThat(direct.getClass().getSimpleName()).isEqualTo("LeasedByteBuf");
        assertThat(direct.isDirect()).isTrue();
        direct.release();
        ByteBuf heap = allocator.heapBuffer();
        assertThat(heap.getClass().getSimpleName()).isEqualTo("LeasedHeapByteBuf");
        assertThat(heap.isDirect()).isFalse();
        heap.release();
    }

    /// Netty's default expects the bytes of the buffer alone. This allocator counts the bytes that were allocated from
    /// the arena for it, as Netty's own pools do.
    @Override
    @Test
    public void testUsedDirectMemory() {
        LeasedByteBufAllocator allocator = newAllocator(true);
        checkUse(allocator, allocator.metric()::usedDirectMemory, allocator::directBuffer);
    }

    @Override
    @Test
    public void testUsedHeapMemory() {
        LeasedByteBufAllocator allocator = newAllocator(true);
        checkUse(allocator, allocator.metric()::usedHeapMemory, allocator::heapBuffer);
    }

    private static void checkUse(
            LeasedByteBufAllocator allocator, LongSupplier used, BiFunction<Integer, Integer, ByteBuf> allocate) {
        assertThat(used.getAsLong()).isZero();
        ByteBuf buf = allocate.apply(1024, 4096);
        assertThat(allocator.metric().pinnedBytes()).isEqualTo(1024);
        assertThat(used.getAsLong()).isGreaterThanOrEqualTo(1024);
        buf.capacity(2048);
        assertThat(allocator.metric().pinnedBytes()).isEqualTo(2048);
        assertThat(used.getAsLong()).isGreaterThanOrEqualTo(2048);
        buf.release();
        assertThat(allocator.metric().pinnedBytes()).isZero();
        allocator.trim();
        assertThat(used.getAsLong()).isZero();
    }
}
