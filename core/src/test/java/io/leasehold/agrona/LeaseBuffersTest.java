package io.leasehold.agrona;

import static io.leasehold.agrona.LeasedPages.PAGE_BYTES;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.sun.management.ThreadMXBean;
import io.leasehold.lease.Lease;
import io.leasehold.memory.OffHeap;
import io.leasehold.memory.Words;
import io.leasehold.os.AddressSpace;
import io.leasehold.snippets.LeaseBuffersExample;
import java.lang.management.ManagementFactory;
import java.nio.ByteOrder;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// What is seen through a view: the memory of the lease, all of it and nothing else.
class LeaseBuffersTest {

    private final LeasedPages pages = LeasedPages.directMap();
    private final long page = pages.wiredRun(1);
    private final Lease lease = pages.pool().acquire(page);

    @BeforeEach
    void startWithZeroes() {
        OffHeap.fill(lease.address(), lease.byteSize(), (byte) 0);
    }

    @AfterEach
    void close() {
        lease.close();
        pages.close();
    }

    @Test
    void viewIsAtTheAddressOfTheLeaseAndAsLong() {
        UnsafeBuffer buffer = LeaseBuffers.wrap(lease);
        assertThat(buffer.addressOffset()).isEqualTo(lease.address());
        assertThat(buffer.capacity()).isEqualTo(PAGE_BYTES);
        assertThat(buffer.byteArray()).isNull();
        assertThat(buffer.byteBuffer()).isNull();
        assertThat(buffer.isExpandable()).isFalse();
    }

    @Test
    void contentIsTheSameSeenBothWays() {
        UnsafeBuffer buffer = LeaseBuffers.wrap(lease);
        OffHeap.putLong(lease.address() + 9, 0x0123_4567_89AB_CDEFL);
        assertThat(buffer.getLong(9)).isEqualTo(0x0123_4567_89AB_CDEFL);
        buffer.putInt(PAGE_BYTES - 4, 42);
        assertThat(OffHeap.getInt(lease.address() + PAGE_BYTES - 4)).isEqualTo(42);
        buffer.putShort(100, (short) 0x1234, ByteOrder.BIG_ENDIAN);
        assertThat(lease.getByte(100)).isEqualTo((byte) 0x12);
        int encoded = buffer.putStringUtf8(200, "an áérea");
        byte[] seen = new byte[encoded];
        lease.getBytes(200, seen, 0, encoded);
        assertThat(new UnsafeBuffer(seen).getStringUtf8(0)).isEqualTo("an áérea");
    }

    @Test
    void agronaChecksTheBoundsOfTheLease() {
        UnsafeBuffer buffer = LeaseBuffers.wrap(lease);
        buffer.putLong(PAGE_BYTES - 8, 42);
        assertThat(buffer.getLong(PAGE_BYTES - 8)).isEqualTo(42);
        assertThatThrownBy(() -> buffer.getLong(PAGE_BYTES - 7)).isInstanceOf(IndexOutOfBoundsException.class);
        assertThatThrownBy(() -> buffer.putByte(PAGE_BYTES, (byte) 1)).isInstanceOf(IndexOutOfBoundsException.class);
        assertThatThrownBy(() -> buffer.getByte(-1)).isInstanceOf(IndexOutOfBoundsException.class);
        assertThatThrownBy(() -> buffer.compareAndSetLong(PAGE_BYTES, 0, 1))
                .isInstanceOf(IndexOutOfBoundsException.class);
    }

    @Test
    void runOfPagesIsOneBuffer() {
        try (Lease run = pages.pool().acquire(pages.wiredRun(5))) {
            UnsafeBuffer buffer = LeaseBuffers.wrap(run);
            assertThat(buffer.capacity()).isEqualTo(5 * PAGE_BYTES);
            for (int border = PAGE_BYTES; border < buffer.capacity(); border += PAGE_BYTES) {
                buffer.putLong(border - 3, border);
                assertThat(OffHeap.getLong(run.address() + border - 3)).isEqualTo(border);
            }
            assertThatThrownBy(() -> buffer.getByte(5 * PAGE_BYTES)).isInstanceOf(IndexOutOfBoundsException.class);
        }
    }

    @Test
    void handleIsWrappedAsItsLease() {
        long handle = pages.pool().acquireHandle(page);
        UnsafeBuffer buffer = LeaseBuffers.wrap(pages.pool(), handle);
        buffer.putLong(0, 42);
        assertThat(lease.getLong(0)).isEqualTo(42);
        assertThat(buffer.capacity()).isEqualTo(PAGE_BYTES);
        pages.pool().free(handle);
    }

    @Test
    void blockIsWrappedAsItIs() {
        UnsafeBuffer buffer = LeaseBuffers.wrap(lease.address() + 64, 16);
        buffer.putLong(8, 42);
        assertThat(lease.getLong(72)).isEqualTo(42);
        assertThat(buffer.capacity()).isEqualTo(16);
        assertThatThrownBy(() -> buffer.getLong(9)).isInstanceOf(IndexOutOfBoundsException.class);
    }

    @Test
    void atomicOperationsAreOnTheMemoryOfTheLease() {
        UnsafeBuffer buffer = LeaseBuffers.wrap(lease);
        buffer.verifyAlignment();
        long word = lease.address() + 64;
        assertThat(buffer.compareAndSetLong(64, 0, 7)).isTrue();
        assertThat(buffer.compareAndSetLong(64, 0, 8)).isFalse();
        assertThat(Words.getLongAcquire(word)).isEqualTo(7);
        assertThat(buffer.getAndAddLong(64, 5)).isEqualTo(7);
        Words.setLongRelease(word, 20);
        assertThat(buffer.getLongVolatile(64)).isEqualTo(20);
        assertThat(buffer.getAndSetInt(128, 3)).isZero();
        assertThat(OffHeap.getInt(lease.address() + 128)).isEqualTo(3);
    }

    @Test
    void exampleCountsInEachPage() {
        LeaseBuffersExample.count(pages.pool(), new long[] {page, page});
        assertThat(lease.getLong(0)).isEqualTo(2);
    }

    @Test
    void agronaFindsABlockThatIsNotAligned() {
        UnsafeBuffer buffer = LeaseBuffers.wrap(lease.address() + 4, 64);
        assertThatThrownBy(buffer::verifyAlignment).isInstanceOf(IllegalStateException.class);
    }

    @Test
    void rewrappedBufferIsOfTheNewLease() {
        UnsafeBuffer buffer = LeaseBuffers.wrap(lease);
        try (Lease run = pages.pool().acquire(pages.wiredRun(2))) {
            LeaseBuffers.rewrap(buffer, run);
            buffer.putLong(PAGE_BYTES, 42);
            assertThat(run.getLong(PAGE_BYTES)).isEqualTo(42);
            long handle = pages.pool().acquireHandle(page);
            LeaseBuffers.rewrap(buffer, pages.pool(), handle);
            assertThat(buffer.addressOffset()).isEqualTo(lease.address());
            assertThat(buffer.capacity()).isEqualTo(PAGE_BYTES);
            pages.pool().free(handle);
            LeaseBuffers.rewrap(buffer, run.address() + PAGE_BYTES, 8);
            assertThat(buffer.getLong(0)).isEqualTo(42);
            assertThat(buffer.capacity()).isEqualTo(8);
        }
    }

    @Test
    void rewrappingMakesNoGarbage() {
        UnsafeBuffer buffer = LeaseBuffers.wrap(lease);
        long handle = pages.pool().acquireHandle(page);
        int rounds = 1000;
        rewrap(buffer, handle, rounds); // loads the classes
        long before = allocatedBytes();
        rewrap(buffer, handle, rounds);
        assertThat(allocatedBytes() - before).as("bytes, an object is 16").isLessThan(8L * rounds);
        pages.pool().free(handle);
    }

    private void rewrap(UnsafeBuffer buffer, long handle, int rounds) {
        for (int i = 0; i < rounds; i++) {
            LeaseBuffers.rewrap(buffer, lease);
            LeaseBuffers.rewrap(buffer, pages.pool(), handle);
            LeaseBuffers.rewrap(buffer, lease.address(), 64);
            LeaseBuffers.unwrap(buffer);
        }
    }

    private static long allocatedBytes() {
        return ((ThreadMXBean) ManagementFactory.getThreadMXBean()).getCurrentThreadAllocatedBytes();
    }

    @Test
    void bufferOfAnArrayCanBeRewrapped() {
        UnsafeBuffer buffer = new UnsafeBuffer(new byte[8]);
        LeaseBuffers.rewrap(buffer, lease);
        buffer.putLong(8, 42);
        assertThat(lease.getLong(8)).isEqualTo(42);
        assertThat(buffer.byteArray()).isNull();
    }

    @Test
    void unwrappedBufferRefusesEveryUseUntilItIsWrappedAgain() {
        UnsafeBuffer buffer = LeaseBuffers.wrap(lease);
        for (int time = 0; time < 2; time++) {
            LeaseBuffers.unwrap(buffer);
            assertThat(buffer.capacity()).isZero();
            assertThatThrownBy(() -> buffer.getByte(0)).isInstanceOf(IndexOutOfBoundsException.class);
            assertThatThrownBy(() -> buffer.putLong(0, 1)).isInstanceOf(IndexOutOfBoundsException.class);
        }
        LeaseBuffers.rewrap(buffer, lease);
        assertThat(buffer.getLong(0)).isZero();
    }

    @Test
    void unwrappedBufferDoesNotPointToAddressZero() {
        UnsafeBuffer buffer = LeaseBuffers.wrap(lease);
        LeaseBuffers.unwrap(buffer);
        assertThat(buffer.addressOffset()).isEqualTo(lease.address());
    }

    @Test
    void viewThatOutlivedItsPageAndItsArenaReadsZeroAndDoesNotCrash() {
        assumeTrue(AddressSpace.isNative(), "portable memory keeps the content of pages that were given back");
        LeasedPages gone = LeasedPages.directMap();
        long run = gone.wiredRun(4);
        Lease ended = gone.pool().acquire(run);
        UnsafeBuffer stale = LeaseBuffers.wrap(ended);
        stale.setMemory(0, stale.capacity(), (byte) 42);
        ended.close();
        assertThat(stale.getByte(PAGE_BYTES)).as("the page is still there").isEqualTo((byte) 42);
        gone.free(run);
        gone.arena().trim();
        assertThat(stale.getLong(PAGE_BYTES)).as("the page was given back").isZero();
        gone.close();
        assertThat(stale.getLong(2 * PAGE_BYTES)).as("the arena is closed").isZero();
    }

    @Test
    void windowIsWrappedWhereItIs() {
        assumeTrue(AddressSpace.isNative(), "windows need mappings");
        try (LeasedPages windows = LeasedPages.windowed(2)) {
            long first = windows.wiredRun(1);
            try (Lease window = windows.pool().acquire(first)) {
                LeaseBuffers.wrap(window).putLong(8, 42);
                long inArena = windows.arena().frames().address(first);
                assertThat(window.address()).isNotEqualTo(inArena);
                assertThat(OffHeap.getLong(inArena + 8)).isEqualTo(42);
            }
        }
    }
}
