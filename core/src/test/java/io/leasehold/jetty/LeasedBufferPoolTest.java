package io.leasehold.jetty;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.leasehold.page.PageArena;
import io.leasehold.page.PageArenaOptions;
import io.leasehold.page.PageExhaustedException;
import io.leasehold.slab.block.Blocks;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import java.util.function.LongSupplier;
import org.eclipse.jetty.io.ArrayByteBufferPool;
import org.eclipse.jetty.io.ByteBufferPool;
import org.eclipse.jetty.io.RetainableByteBuffer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// What Jetty expects of a pool.
class LeasedBufferPoolTest {

    private static final int MANY = 2_000;
    private static final long WAIT_NANOS = 60_000_000_000L;

    private final PageArena arena =
            PageArena.open(PageArenaOptions.builder().byteSize(64L << 20).build());
    private final LeasedBufferPool pool = LeasedBufferPool.open(arena);

    @AfterEach
    void everythingIsFreed() {
        pool.close();
        arena.close();
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 4096, 17 << 10, 64 << 10, 1 << 20})
    void bufferIsEmptyAndLargeEnough(int size) {
        for (boolean isDirect : new boolean[] {true, false}) {
            RetainableByteBuffer.Mutable buffer = pool.acquire(size, isDirect);
            assertThat(buffer.isDirect()).isEqualTo(isDirect);
            assertThat(buffer.capacity()).isGreaterThanOrEqualTo(size);
            assertThat(buffer.remaining()).isZero();
            assertThat(buffer.space()).isGreaterThanOrEqualTo(size);
            byte[] bytes = bytes(size, size);
            assertThat(buffer.append(ByteBuffer.wrap(bytes))).isTrue();
            assertThat(buffer.takeByteArray()).isEqualTo(bytes);
            assertThat(buffer.release()).isTrue();
        }
    }

    @Test
    void lastReleaseFreesTheBlock() {
        RetainableByteBuffer buffer = pool.acquire(4096, true);
        buffer.retain();
        RetainableByteBuffer slice = buffer.slice();
        assertThat(buffer.release()).isFalse();
        assertThat(buffer.release()).isFalse();
        assertThat(pool.stats().liveBlocks()).isEqualTo(1);
        assertThat(slice.release()).isTrue();
        assertThat(pool.stats().liveBlocks()).isZero();
    }

    @Test
    void releaseBeyondTheLastThrows() {
        RetainableByteBuffer buffer = pool.acquire(4096, true);
        buffer.release();
        assertThatThrownBy(buffer::release).isInstanceOf(IllegalStateException.class);
        assertThat(pool.stats().liveBlocks()).isZero();
    }

    @Test
    void buffersDoNotOverlap() {
        List<RetainableByteBuffer.Mutable> buffers = new ArrayList<>();
        for (int i = 0; i < MANY; i++) {
            RetainableByteBuffer.Mutable buffer = pool.acquire(4096, true);
            buffer.append(ByteBuffer.wrap(bytes(i, 4096)));
            buffers.add(buffer);
        }
        for (int i = 0; i < MANY; i++) {
            assertThat(buffers.get(i).takeByteArray()).isEqualTo(bytes(i, 4096));
        }
        buffers.forEach(RetainableByteBuffer::release);
    }

    @Test
    void memoryOfABurstIsGivenBack() {
        List<RetainableByteBuffer> buffers = new ArrayList<>();
        for (int i = 0; i < MANY; i++) {
            buffers.add(pool.acquire(16 << 10, true));
        }
        long burst = pool.stats().heldBytes();
        assertThat(burst).isGreaterThanOrEqualTo(MANY * (16L << 10));
        buffers.forEach(RetainableByteBuffer::release);
        pool.clear();
        assertThat(pool.stats().heldBytes()).isZero();
    }

    /// Jetty's own pool has its burst first, so it has no less time to give memory back.
    @Test
    void memoryOfABurstIsGivenBackWithoutACall() {
        ArrayByteBufferPool jettys = new ArrayByteBufferPool();
        long jettysBurst = burst(jettys, jettys::getDirectMemory);
        long before = pool.stats().heldBytes();
        long burst = burst(pool, () -> pool.stats().heldBytes());
        long start = System.nanoTime();
        while (pool.stats().heldBytes() > burst / 4 && System.nanoTime() - start < WAIT_NANOS) {
            LockSupport.parkNanos(1_000_000);
        }
        long after = pool.stats().heldBytes();
        System.out.printf(
                "jetty burst, bytes held before, at the peak and after: Leasehold %,d, %,d, %,d;"
                        + " ArrayByteBufferPool 0, %,d, %,d%n",
                before, burst, after, jettysBurst, jettys.getDirectMemory());
        assertThat(after).isLessThanOrEqualTo(burst / 4);
    }

    /// Allocates and releases a burst.
    ///
    /// @return bytes that the pool held while the burst was in use
    private static long burst(ByteBufferPool pool, LongSupplier heldBytes) {
        List<RetainableByteBuffer> buffers = new ArrayList<>();
        for (int i = 0; i < MANY; i++) {
            buffers.add(pool.acquire(16 << 10, true));
        }
        long burst = heldBytes.getAsLong();
        buffers.forEach(RetainableByteBuffer::release);
        return burst;
    }

    @Test
    void limitIsAnErrorThatNamesThePool() {
        List<RetainableByteBuffer> buffers = new ArrayList<>();
        assertThatThrownBy(() -> {
                    while (true) {
                        buffers.add(pool.acquire(1 << 20, true));
                    }
                })
                .isInstanceOf(PageExhaustedException.class)
                .hasMessageContainingAll("no memory for a block", "jetty");
        assertThat(buffers).hasSizeGreaterThan(40);
        buffers.remove(0).release();
        buffers.add(pool.acquire(1 << 20, true));
        buffers.forEach(RetainableByteBuffer::release);
    }

    @Test
    void sizesOutOfBoundsAreRefused() {
        assertThatThrownBy(() -> pool.acquire(-1, true))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("size=-1, min=0, max=" + Blocks.MAX_BLOCK_BYTES);
        assertThatThrownBy(() -> pool.acquire(Blocks.MAX_BLOCK_BYTES + 1, true))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> pool.acquire(-1, false)).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void closeWithBuffersInUseChangesNothing() {
        RetainableByteBuffer buffer = pool.acquire(4096, true);
        assertThatThrownBy(pool::close)
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("jetty");
        pool.acquire(4096, true).release();
        buffer.release();
        pool.close();
        pool.close();
        assertThatThrownBy(() -> pool.acquire(4096, true)).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(() -> pool.acquire(4096, false))
                .isInstanceOf(IllegalStateException.class)
                .hasMessage("pool is closed: pool=jetty");
    }

    private static byte[] bytes(int seed, int length) {
        byte[] bytes = new byte[length];
        new java.util.SplittableRandom(seed).nextBytes(bytes);
        return bytes;
    }
}
