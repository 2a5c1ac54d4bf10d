package io.leasehold.netty;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.leasehold.page.Watchdog;
import io.netty.buffer.ByteBuf;
import io.netty.util.IllegalReferenceCountException;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/// References are counted correctly even if callers make mistakes: each block has one owner at a time.
class BufferCountTest {

    private static final int RACES = 2_000;

    private final LeasedByteBufAllocator allocator = TestAllocators.small("counts");

    @AfterEach
    void nothingIsOutstanding() {
        allocator.close();
    }

    @Test
    void newBufferHasOneReference() {
        ByteBuf buf = allocator.directBuffer(10);
        assertThat(buf.refCnt()).isEqualTo(1);
        assertThat(buf.release()).isTrue();
        assertThat(buf.refCnt()).isZero();
    }

    @Test
    void lastReleaseOfManyFrees() {
        ByteBuf buf = allocator.heapBuffer(10).retain().retain(3);
        assertThat(buf.refCnt()).isEqualTo(5);
        assertThat(buf.release()).isFalse();
        assertThat(buf.release(3)).isFalse();
        assertThat(allocator.metric().pinnedBuffers()).isEqualTo(1);
        assertThat(buf.release()).isTrue();
        assertThat(allocator.metric().pinnedBuffers()).isZero();
    }

    @Test
    void secondReleaseIsRefused() {
        ByteBuf buf = allocator.directBuffer(10);
        buf.release();
        assertThatThrownBy(buf::release)
                .isInstanceOf(IllegalReferenceCountException.class)
                .hasMessage("refCnt: 0, decrement: 1");
    }

    @Test
    void releaseOfMoreThanIsHeldIsRefusedAndChangesNothing() {
        ByteBuf buf = allocator.directBuffer(10).retain();
        assertThatThrownBy(() -> buf.release(3))
                .isInstanceOf(IllegalReferenceCountException.class)
                .hasMessage("refCnt: 2, decrement: 3");
        assertThat(buf.refCnt()).isEqualTo(2);
        assertThat(buf.release(2)).isTrue();
    }

    @Test
    void retainOfADeadBufferIsRefused() {
        ByteBuf buf = allocator.heapBuffer(10);
        buf.release();
        assertThatThrownBy(buf::retain).isInstanceOf(IllegalReferenceCountException.class);
        assertThatThrownBy(() -> buf.retain(2)).isInstanceOf(IllegalReferenceCountException.class);
        assertThat(buf.refCnt()).isZero();
    }

    @Test
    void retainThatOverflowsIsRefusedAndChangesNothing() {
        ByteBuf buf = allocator.directBuffer(10).retain(Integer.MAX_VALUE - 1);
        assertThatThrownBy(buf::retain).isInstanceOf(IllegalReferenceCountException.class);
        assertThatThrownBy(() -> buf.retain(Integer.MAX_VALUE)).isInstanceOf(IllegalReferenceCountException.class);
        assertThat(buf.refCnt()).isEqualTo(Integer.MAX_VALUE);
        assertThat(buf.release(Integer.MAX_VALUE)).isTrue();
    }

    @Test
    void countsThatAreNotPositiveAreRefused() {
        ByteBuf buf = allocator.directBuffer(10);
        assertThatThrownBy(() -> buf.retain(0)).hasMessage("increment is not positive: increment=0, min=1");
        assertThatThrownBy(() -> buf.release(-1)).hasMessage("decrement is not positive: decrement=-1, min=1");
        buf.release();
    }

    @Test
    void useAfterReleaseIsRefused() {
        ByteBuf direct = allocator.directBuffer(16);
        ByteBuf view = direct.slice(0, 8);
        direct.release();
        ByteBuf heap = allocator.heapBuffer(16);
        heap.release();
        for (ByteBuf dead : new ByteBuf[] {direct, view, heap}) {
            assertThatThrownBy(() -> dead.getInt(0)).isInstanceOf(IllegalReferenceCountException.class);
            assertThatThrownBy(() -> dead.setLong(0, 1)).isInstanceOf(IllegalReferenceCountException.class);
            assertThatThrownBy(dead::nioBuffer).isInstanceOf(IllegalReferenceCountException.class);
            assertThatThrownBy(dead::duplicate).isInstanceOf(IllegalReferenceCountException.class);
        }
        assertThatThrownBy(() -> direct.capacity(4)).isInstanceOf(IllegalReferenceCountException.class);
        assertThatThrownBy(direct::memoryAddress).isInstanceOf(IllegalReferenceCountException.class);
        assertThatThrownBy(heap::array).isInstanceOf(IllegalReferenceCountException.class);
        assertThatThrownBy(() -> direct.internalNioBuffer(0, 1)).isInstanceOf(IllegalReferenceCountException.class);
    }

    @Test
    void ofTwoRacingReleasesOneFreesAndOneThrows() throws InterruptedException {
        ByteBuf[] buffers = new ByteBuf[RACES];
        for (int i = 0; i < RACES; i++) {
            buffers[i] = i % 2 == 0 ? allocator.directBuffer(64) : allocator.heapBuffer(64);
        }
        CyclicBarrier start = new CyclicBarrier(2);
        AtomicInteger freed = new AtomicInteger();
        AtomicInteger refused = new AtomicInteger();
        Watchdog threads = new Watchdog();
        for (int t = 0; t < 2; t++) {
            threads.start("releaser " + t, () -> {
                start.await();
                for (ByteBuf buf : buffers) {
                    try {
                        freed.addAndGet(buf.release() ? 1 : 0);
                    } catch (IllegalReferenceCountException e) {
                        refused.incrementAndGet();
                    }
                }
            });
        }
        threads.join();
        assertThat(freed).hasValue(RACES);
        assertThat(refused).hasValue(RACES);
        assertThat(allocator.metric().pinnedBuffers()).isZero();
    }

    @Test
    void referencesOfManyThreadsAddUp() throws InterruptedException {
        ByteBuf buf = allocator.directBuffer(64);
        Watchdog threads = new Watchdog();
        for (int t = 0; t < 4; t++) {
            threads.start("holder " + t, () -> {
                for (int i = 0; i < 20_000; i++) {
                    buf.retain();
                    assertThat(buf.release()).isFalse();
                }
            });
        }
        threads.join();
        assertThat(buf.refCnt()).isEqualTo(1);
        buf.release();
    }

    @Test
    void rootIsNotAViewOfAnything() {
        ByteBuf buf = allocator.directBuffer(64);
        assertThat(buf.unwrap()).isNull();
        assertThat(buf.retainedSlice(0, 8).slice(0, 4).retainedDuplicate().capacity())
                .isEqualTo(4);
        buf.release(3);
    }
}
