package io.leasehold.undertow;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.leasehold.page.PageArena;
import io.leasehold.page.PageArenaOptions;
import io.leasehold.page.PageExhaustedException;
import io.leasehold.slab.block.Blocks;
import io.undertow.connector.ByteBufferPool;
import io.undertow.connector.PooledByteBuffer;
import io.undertow.server.DefaultByteBufferPool;
import java.lang.management.BufferPoolMXBean;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.locks.LockSupport;
import java.util.function.LongSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/// What Undertow expects of a pool.
class LeasedBufferPoolTest {

    private static final int MANY = 2_000;
    private static final long WAIT_NANOS = 60_000_000_000L;
    private static final int SIZE = 17_000;

    private final PageArena arena =
            PageArena.open(PageArenaOptions.builder().byteSize(64L << 20).build());
    private final LeasedBufferPool pool = LeasedBufferPool.open(arena, SIZE);

    @AfterEach
    void everythingIsFreed() {
        pool.close();
        arena.close();
    }

    @Test
    void bufferHasTheSizeOfThePool() {
        assertThat(pool.getBufferSize()).isEqualTo(SIZE);
        assertThat(pool.isDirect()).isTrue();
        try (PooledByteBuffer buffer = pool.allocate()) {
            assertThat(buffer.isOpen()).isTrue();
            assertThat(buffer.getBuffer().isDirect()).isTrue();
            assertThat(buffer.getBuffer().position()).isZero();
            assertThat(buffer.getBuffer().limit()).isEqualTo(SIZE);
            assertThat(buffer.getBuffer().capacity()).isEqualTo(SIZE);
        }
    }

    @Test
    void heapPoolHasTheSameSize() {
        ByteBufferPool onHeap = pool.getArrayBackedPool();
        assertThat(onHeap.isDirect()).isFalse();
        try (PooledByteBuffer buffer = onHeap.allocate()) {
            assertThat(buffer.getBuffer().hasArray()).isTrue();
            assertThat(buffer.getBuffer().capacity()).isEqualTo(SIZE);
        }
    }

    @Test
    void secondCloseDoesNotFreeTheBlockOfAnotherBuffer() {
        PooledByteBuffer first = pool.allocate();
        first.close();
        PooledByteBuffer second = pool.allocate();
        first.close();
        assertThat(first.isOpen()).isFalse();
        assertThatThrownBy(first::getBuffer).isInstanceOf(IllegalStateException.class);
        assertThat(second.isOpen()).isTrue();
        assertThat(pool.stats().liveBlocks()).isEqualTo(1);
        second.close();
        assertThat(pool.stats().liveBlocks()).isZero();
    }

    @Test
    void buffersDoNotOverlap() {
        List<PooledByteBuffer> buffers = new ArrayList<>();
        for (int i = 0; i < MANY; i++) {
            PooledByteBuffer buffer = pool.allocate();
            buffer.getBuffer().put(bytes(i)).flip();
            buffers.add(buffer);
        }
        for (int i = 0; i < MANY; i++) {
            byte[] got = new byte[SIZE];
            buffers.get(i).getBuffer().get(got);
            assertThat(got).isEqualTo(bytes(i));
        }
        buffers.forEach(PooledByteBuffer::close);
    }

    @Test
    void memoryOfABurstIsGivenBack() {
        List<PooledByteBuffer> buffers = new ArrayList<>();
        for (int i = 0; i < MANY; i++) {
            buffers.add(pool.allocate());
        }
        assertThat(pool.stats().heldBytes()).isGreaterThanOrEqualTo((long) MANY * SIZE);
        buffers.forEach(PooledByteBuffer::close);
        assertThat(pool.trim()).isPositive();
        assertThat(pool.stats().heldBytes()).isZero();
    }

    /// Undertow's own pool has its burst first, so it has no less time to give memory back.
    @Test
    void memoryOfABurstIsGivenBackWithoutACall() {
        DefaultByteBufferPool undertows = new DefaultByteBufferPool(true, SIZE);
        long undertowsBefore = directBytesOfTheJdk();
        long undertowsBurst = burst(undertows, LeasedBufferPoolTest::directBytesOfTheJdk);
        long before = pool.stats().heldBytes();
        long burst = burst(pool, () -> pool.stats().heldBytes());
        long start = System.nanoTime();
        while (pool.stats().heldBytes() > burst / 4 && System.nanoTime() - start < WAIT_NANOS) {
            LockSupport.parkNanos(1_000_000);
        }
        long after = pool.stats().heldBytes();
        System.out.printf(
                "undertow burst, bytes held before, at the peak and after: Leasehold %,d, %,d, %,d;"
                        + " DefaultByteBufferPool 0, %,d, %,d%n",
                before, burst, after, undertowsBurst - undertowsBefore, directBytesOfTheJdk() - undertowsBefore);
        undertows.close();
        assertThat(after).isLessThanOrEqualTo(burst / 4);
    }

    /// Allocates and frees a burst.
    ///
    /// @return bytes that were held while the burst was in use
    private static long burst(ByteBufferPool pool, LongSupplier heldBytes) {
        List<PooledByteBuffer> buffers = new ArrayList<>();
        for (int i = 0; i < MANY; i++) {
            buffers.add(pool.allocate());
        }
        long burst = heldBytes.getAsLong();
        buffers.forEach(PooledByteBuffer::close);
        return burst;
    }

    /// {@return bytes of the direct buffers of the JDK, which Undertow's own pool uses; it has no count of its own}
    private static long directBytesOfTheJdk() {
        return ManagementFactory.getPlatformMXBeans(BufferPoolMXBean.class).stream()
                .filter(bean -> bean.getName().equals("direct"))
                .mapToLong(BufferPoolMXBean::getMemoryUsed)
                .sum();
    }

    @Test
    void limitIsAnErrorThatNamesThePool() {
        List<PooledByteBuffer> buffers = new ArrayList<>();
        assertThatThrownBy(() -> {
                    while (true) {
                        buffers.add(pool.allocate());
                    }
                })
                .isInstanceOf(PageExhaustedException.class)
                .hasMessageContainingAll("no memory for a block", "undertow");
        buffers.remove(0).close();
        buffers.add(pool.allocate());
        buffers.forEach(PooledByteBuffer::close);
    }

    @Test
    void sizesOutOfBoundsAreRefused() {
        for (int size : new int[] {-1, 0, (64 << 20) + 1, Blocks.MAX_BLOCK_BYTES + 1}) {
            assertThatThrownBy(() -> LeasedBufferPool.open(arena, size))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessage("buffer size is out of bounds: pool=undertow, bufferSize=" + size
                            + ", min=1, max=67108864, arena=pages");
        }
    }

    @Test
    void closeWithBuffersInUseChangesNothing() {
        PooledByteBuffer buffer = pool.allocate();
        assertThatThrownBy(pool::close)
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("undertow");
        pool.allocate().close();
        buffer.close();
        pool.close();
        pool.close();
        assertThatThrownBy(pool::allocate).isInstanceOf(IllegalStateException.class);
    }

    private static byte[] bytes(int seed) {
        byte[] bytes = new byte[SIZE];
        new SplittableRandom(seed).nextBytes(bytes);
        return bytes;
    }
}
