package io.leasehold.lease;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.leasehold.error.StateKind;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import org.assertj.core.api.AbstractStringAssert;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// Reading and writing through a [Lease], its bounds, and what is said of one that has ended.
interface LeaseContract extends LeasePoolFixture {

    @Test
    default void runIsLeasedAsAWhole() {
        try (LeaseFixture fixture = fixture()) {
            long run = fixture.wiredRun(3);
            try (Lease lease = fixture.pool().acquire(run)) {
                assertThat(lease.byteSize()).isEqualTo(3 * fixture.pageBytes());
                for (int i = 0; i < 3; i++) {
                    assertThat(lease.getLong(i * fixture.pageBytes())).isEqualTo(LeaseFixture.mark(run) + i);
                }
                lease.putByte(3 * fixture.pageBytes() - 1, (byte) 9);
                assertThat(lease.getByte(3 * fixture.pageBytes() - 1)).isEqualTo((byte) 9);
            }
        }
    }

    @Test
    default void longIsStoredAtAnyAlignment() {
        try (LeaseFixture fixture = fixture()) {
            try (Lease lease = fixture.pool().acquire(fixture.wiredPage())) {
                for (int offset = 0; offset < 16; offset++) {
                    lease.putLong(offset, 0x0102_0304_0506_0708L + offset);
                    assertThat(lease.getLong(offset)).isEqualTo(0x0102_0304_0506_0708L + offset);
                }
            }
        }
    }

    @Test
    default void bytesAreCopiedBetweenLeaseAndArray() {
        try (LeaseFixture fixture = fixture()) {
            try (Lease lease = fixture.pool().acquire(fixture.wiredPage())) {
                byte[] array = {0, 1, 2, 3, 4, 5};
                lease.putBytes(fixture.pageBytes() - 3, array, 2, 3);
                byte[] read = new byte[5];
                lease.getBytes(fixture.pageBytes() - 3, read, 1, 3);
                assertThat(read).containsExactly(0, 2, 3, 4, 0);
            }
        }
    }

    @Test
    default void copyOfNothingIsAllowedAtTheEndOfBoth() {
        try (LeaseFixture fixture = fixture()) {
            try (Lease lease = fixture.pool().acquire(fixture.wiredPage())) {
                lease.putBytes(lease.byteSize(), new byte[4], 4, 0);
                lease.getBytes(lease.byteSize(), new byte[4], 4, 0);
            }
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 3})
    default void accessPastTheEndIsRefusedAndNamesTheLeaseAndTheBound(int pages) {
        try (LeaseFixture fixture = fixture()) {
            long run = fixture.wiredRun(pages);
            try (Lease lease = fixture.pool().acquire(run)) {
                long end = pages * fixture.pageBytes();
                pastEnd(() -> lease.getByte(end), end, 1, end)
                        .contains("page=0x" + Long.toHexString(run) + ", pool=loans");
                pastEnd(() -> lease.putByte(end, (byte) 1), end, 1, end);
                pastEnd(() -> lease.getLong(end - 7), end - 7, 8, end);
                pastEnd(() -> lease.putLong(end - 7, 1), end - 7, 8, end);
                pastEnd(() -> lease.getBytes(end - 1, new byte[2], 0, 2), end - 1, 2, end);
                pastEnd(() -> lease.putBytes(end - 1, new byte[2], 0, 2), end - 1, 2, end);
            }
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {-1, -8, Long.MIN_VALUE, Long.MAX_VALUE, Long.MAX_VALUE - 7, 1L << 32})
    default void offsetThatIsNegativeOrOverflowsIsRefused(long offset) {
        try (LeaseFixture fixture = fixture()) {
            try (Lease lease = fixture.pool().acquire(fixture.wiredPage())) {
                pastEnd(() -> lease.getByte(offset), offset, 1, fixture.pageBytes());
                pastEnd(() -> lease.putByte(offset, (byte) 1), offset, 1, fixture.pageBytes());
                pastEnd(() -> lease.getLong(offset), offset, 8, fixture.pageBytes());
                pastEnd(() -> lease.putLong(offset, 1), offset, 8, fixture.pageBytes());
                pastEnd(() -> lease.getBytes(offset, new byte[1], 0, 1), offset, 1, fixture.pageBytes());
                pastEnd(() -> lease.putBytes(offset, new byte[1], 0, 1), offset, 1, fixture.pageBytes());
            }
        }
    }

    @ParameterizedTest
    @CsvSource({"-1, 2", "0, 5", "3, 2", "5, 0", "0, -1", "2147483647, 1", "1, 2147483647"})
    default void copyPastTheEndOfTheArrayIsRefusedAndCopiesNothing(int start, int count) {
        try (LeaseFixture fixture = fixture()) {
            long page = fixture.wiredPage();
            try (Lease lease = fixture.pool().acquire(page)) {
                byte[] array = new byte[4];
                assertThatThrownBy(() -> lease.getBytes(0, array, start, count))
                        .isInstanceOf(IndexOutOfBoundsException.class);
                assertThatThrownBy(() -> lease.putBytes(0, array, start, count))
                        .isInstanceOf(IndexOutOfBoundsException.class);
                assertThat(array).containsOnly(0);
                assertThat(lease.getLong(0)).isEqualTo(LeaseFixture.mark(page));
            }
        }
    }

    @Test
    default void segmentIsTheMemoryAndIsBounded() {
        try (LeaseFixture fixture = fixture()) {
            long run = fixture.wiredRun(2);
            try (Lease lease = fixture.pool().acquire(run)) {
                MemorySegment segment = lease.segment();
                assertThat(segment.byteSize()).isEqualTo(2 * fixture.pageBytes());
                assertThat(segment.get(ValueLayout.JAVA_LONG_UNALIGNED, 0)).isEqualTo(LeaseFixture.mark(run));
                segment.set(ValueLayout.JAVA_LONG_UNALIGNED, fixture.pageBytes(), 5);
                assertThat(lease.getLong(fixture.pageBytes())).isEqualTo(5);
                assertThatThrownBy(() -> segment.get(ValueLayout.JAVA_BYTE, 2 * fixture.pageBytes()))
                        .isInstanceOf(IndexOutOfBoundsException.class);
            }
        }
    }

    @Test
    default void everyUseOfAClosedLeaseIsRefusedAndChangesNothing() {
        try (LeaseFixture fixture = fixture()) {
            long page = fixture.wiredPage();
            Lease lease = fixture.pool().acquire(page);
            lease.close();
            byte[] array = new byte[8];
            for (ThrowingCallable use : uses(lease, array)) {
                assertRefused(StateKind.FREED, use).contains("page=0x" + Long.toHexString(page) + ", pool=loans");
            }
            assertThat(lease.isOpen()).isFalse();
            assertThat(array).containsOnly(0);
            try (Lease next = fixture.pool().acquire(page)) {
                assertThat(next.getLong(0)).isEqualTo(LeaseFixture.mark(page));
            }
        }
    }

    @Test
    default void staleLeaseIsDistinguishedFromTheLeaseThatReusesItsRecord() {
        try (LeaseFixture fixture = fixture()) {
            LeasePool pool = fixture.pool();
            long page = fixture.wiredPage();
            Lease object = pool.acquire(page);
            long before = pool.handOver(object.handOver());
            pool.free(before);
            assertRefused(StateKind.FREED, () -> pool.free(before));
            long now = pool.acquireHandle(fixture.wiredPage());
            assertThat(LeaseLayout.index(now)).isEqualTo(LeaseLayout.index(before));
            assertRefused(StateKind.STALE, () -> pool.free(before)).contains("page=unknown, pool=loans");
            assertRefused(StateKind.STALE, () -> pool.address(before))
                    .contains("has ended, or was handed over to another handle: lease=");
            assertRefused(StateKind.STALE, object::close).contains("page=0x" + Long.toHexString(page));
            for (ThrowingCallable use : uses(object, new byte[8])) {
                assertRefused(StateKind.STALE, use);
            }
            assertThat(pool.isOpen(now)).isTrue();
            pool.free(now);
            assertRefused(StateKind.STALE, () -> pool.page(before));
            assertRefused(StateKind.FREED, () -> pool.page(now));
        }
    }

    @Test
    default void handleOfAnotherPoolIsForeign() {
        try (LeaseFixture fixture = fixture();
                LeaseFixture other = fixture()) {
            LeasePool pool = fixture.pool();
            long lease = other.pool().acquireHandle(other.wiredPage());
            for (long foreign : new long[] {lease, LeasePool.NO_LEASE, -1, lease ^ LeaseLayout.MAX_RECORDS - 1}) {
                assertRefused(StateKind.FOREIGN, () -> pool.address(foreign))
                        .isEqualTo("lease handle belongs to another pool: lease=0x%x, pool=loans".formatted(foreign));
                assertRefused(StateKind.FOREIGN, () -> pool.page(foreign));
                assertRefused(StateKind.FOREIGN, () -> pool.byteSize(foreign));
                assertRefused(StateKind.FOREIGN, () -> pool.ref(foreign));
                assertRefused(StateKind.FOREIGN, () -> pool.handOver(foreign));
                assertRefused(StateKind.FOREIGN, () -> pool.adopt(foreign));
                assertRefused(StateKind.FOREIGN, () -> pool.free(foreign));
                assertThat(pool.isOpen(foreign)).isFalse();
            }
            other.pool().free(lease);
        }
    }

    @Test
    default void handleOfARecordThatNeverWasIsForeign() {
        try (LeaseFixture fixture = fixture()) {
            long lease = fixture.pool().acquireHandle(fixture.wiredPage());
            long forged = lease | LeaseLayout.MAX_RECORDS - 1;
            assertRefused(StateKind.FOREIGN, () -> fixture.pool().free(forged));
            assertThat(fixture.pool().isOpen(forged)).isFalse();
            fixture.pool().free(lease);
        }
    }

    @Test
    default void pageFreedUnderALeaseIsNotTouched() {
        try (LeaseFixture fixture = fixture()) {
            long page = fixture.wiredPage();
            Lease lease = fixture.pool().acquire(page);
            fixture.free(page);
            assertThatThrownBy(() -> lease.getLong(0)).hasMessageContaining("page is freed");
            assertThatThrownBy(() -> lease.putByte(0, (byte) 1)).hasMessageContaining("page is freed");
            assertThatThrownBy(lease::segment).hasMessageContaining("page is freed");
            lease.close();
        }
    }

    @Test
    default void toStringSaysWhichLeaseItIsAndWhetherItIsOpen() {
        try (LeaseFixture fixture = fixture()) {
            long page = fixture.wiredPage();
            Lease lease = fixture.pool().acquire(page);
            String open = "page=0x%x, pool=loans, address=0x%x)".formatted(page, lease.address());
            assertThat(lease).asString().startsWith("Lease(lease=").endsWith(open);
            lease.close();
            assertThat(lease).asString().endsWith(", unusable by this thread)");
        }
    }

    @Test
    default void tracedPoolSaysWhereALeaseWasAcquiredAndClosed() {
        try (LeaseFixture fixture = fixture(options().withTraced(true))) {
            Lease lease = acquiredHere(fixture.pool(), fixture.wiredPage());
            closedHere(lease);
            assertTraced(lease::close, "lease closed", "closedHere");
            try (Lease next = fixture.pool().acquire(fixture.wiredPage())) {
                assertRefused(StateKind.STALE, lease::address);
                assertTraced(lease::address, "lease closed", "closedHere");
                assertThat(next.isOpen()).isTrue();
            }
        }
    }

    @Test
    default void tracedPoolSaysWhereALeaseWasHandedOver() {
        try (LeaseFixture fixture = fixture(options().withTraced(true))) {
            Lease lease = acquiredHere(fixture.pool(), fixture.wiredPage());
            long handle = handedOverHere(lease);
            assertTraced(lease::close, "lease handed over", "handedOverHere");
            fixture.pool().free(handle);
            assertThatThrownBy(() -> fixture.pool().free(handle))
                    .satisfies(e -> assertThat(stack(e.getCause())).contains("handedOverHere"));
        }
    }

    @Test
    default void poolThatIsNotTracedRemembersNoStacks() {
        try (LeaseFixture fixture = fixture()) {
            Lease lease = fixture.pool().acquire(fixture.wiredPage());
            lease.close();
            assertThatThrownBy(lease::close).hasNoCause().hasNoSuppressedExceptions();
        }
    }

    @Test
    default void traceIsForgottenAfterManyOthers() {
        try (LeaseFixture fixture = fixture(options().withTraced(true))) {
            long page = fixture.wiredPage();
            Lease lease = acquiredHere(fixture.pool(), page);
            lease.close();
            for (int i = 1; i < LeaseTraces.REMEMBERED; i++) {
                fixture.pool().acquire(page).close();
            }
            assertThatThrownBy(lease::close)
                    .hasMessageContaining("the lease has ended")
                    .cause()
                    .isNotNull();
            fixture.pool().acquire(page).close();
            assertThatThrownBy(lease::close)
                    .hasMessageContaining("the lease has ended")
                    .hasNoCause();
        }
    }

    private static Lease acquiredHere(LeasePool pool, long page) {
        return pool.acquire(page);
    }

    private static void closedHere(Lease lease) {
        lease.close();
    }

    private static long handedOverHere(Lease lease) {
        return lease.handOver();
    }

    private static void assertTraced(ThrowingCallable call, String what, String method) {
        assertThatThrownBy(call).satisfies(e -> {
            assertThat(e.getCause()).hasMessageStartingWith("lease acquired by Thread[");
            assertThat(stack(e.getCause())).contains("acquiredHere");
            assertThat(e.getSuppressed()).hasSize(1);
            assertThat(e.getSuppressed()[0]).hasMessageStartingWith(what + " by Thread[");
            assertThat(stack(e.getSuppressed()[0])).contains(method);
        });
    }

    private static String stack(@Nullable Throwable trace) {
        return trace == null ? "none" : Arrays.toString(trace.getStackTrace());
    }

    private static AbstractStringAssert<?> pastEnd(ThrowingCallable call, long offset, int bytes, long bound) {
        return assertThatThrownBy(call)
                .isInstanceOf(IndexOutOfBoundsException.class)
                .message()
                .startsWith("access is past the end: byteOffset=%d, bytes=%d, byteSize=%d, lease="
                        .formatted(offset, bytes, bound));
    }

    /// {@return everything that needs an open lease}
    static ThrowingCallable[] uses(Lease lease, byte[] array) {
        return new ThrowingCallable[] {
            lease::address,
            lease::page,
            lease::byteSize,
            lease::segment,
            () -> lease.getByte(0),
            () -> lease.putByte(0, (byte) 1),
            () -> lease.getLong(0),
            () -> lease.putLong(0, 1),
            () -> lease.getBytes(0, array, 0, 8),
            () -> lease.putBytes(0, array, 0, 8),
            lease::ref,
            lease::handOver,
            lease::close
        };
    }
}
