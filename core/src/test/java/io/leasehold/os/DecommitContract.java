package io.leasehold.os;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.leasehold.error.Errno;
import io.leasehold.error.SystemCallException;
import io.leasehold.os.VirtualMemory.Advice;
import io.leasehold.os.VirtualMemory.Backing;
import io.leasehold.os.VirtualMemory.Capability;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Decommit of anonymous ranges, one or many, by every [VirtualMemory] that can decommit.
interface DecommitContract extends VirtualMemoryFixture {

    @Test
    default void decommittedRangeReadsZeroAndIsWritable() {
        assumeCan(Capability.DECOMMIT);
        withCommitted(4, address -> {
            fill(address, pages(4), 7);
            memory().decommit(Backing.ANONYMOUS, address + pages(1), pages(2));
            assertThat(holds(address, pages(1), 7)).isTrue();
            assertThat(holds(address + pages(1), pages(2), 0)).isTrue();
            assertThat(holds(address + pages(3), pages(1), 7)).isTrue();
            fill(address, pages(4), 8);
            assertThat(holds(address, pages(4), 8)).isTrue();
        });
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2, 63, 64, 65, 128, 1000, 3000})
    default void scatteredRangesReadZeroAndTheirNeighboursDoNot(int count) {
        assumeCan(Capability.DECOMMIT);
        withCommitted(2 * count + 1, address -> {
            fill(address, pages(2 * count + 1), 7);
            // The arrays have one element more than `count`, which must not be used.
            long[] addresses = new long[count + 1];
            long[] byteSizes = new long[count + 1];
            for (int i = 0; i < count; i++) {
                addresses[i] = address + pages(2 * i + 1);
                byteSizes[i] = pages(1);
            }
            memory().decommit(Backing.ANONYMOUS, addresses, byteSizes, count);
            for (int i = 0; i < count; i++) {
                assertThat(holds(address + pages(2 * i), pages(1), 7)).isTrue();
                assertThat(holds(address + pages(2 * i + 1), pages(1), 0)).isTrue();
            }
            assertThat(holds(address + pages(2 * count), pages(1), 7)).isTrue();
        });
    }

    @Test
    default void scatteredRangesOfDifferentSizesReadZero() {
        assumeCan(Capability.DECOMMIT);
        int count = 100;
        withCommitted(count * (count + 3) / 2, address -> {
            fill(address, pages(count * (count + 3) / 2), 7);
            long[] addresses = new long[count];
            long[] byteSizes = new long[count];
            long next = address;
            for (int i = 0; i < count; i++) {
                addresses[i] = next;
                byteSizes[i] = pages(i + 1);
                next += pages(i + 2);
            }
            memory().decommit(Backing.ANONYMOUS, addresses, byteSizes, count);
            for (int i = 0; i < count; i++) {
                assertThat(holds(addresses[i], byteSizes[i], 0)).isTrue();
                assertThat(holds(addresses[i] + byteSizes[i], pages(1), 7)).isTrue();
            }
        });
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 63, 64, 99})
    default void refusedRangeIsNamedAndTheRestIsWholeOrZero(int refused) {
        assumeCan(Capability.DECOMMIT);
        assumeCan(Capability.LOCK);
        int count = 100;
        withCommitted(2 * count, address -> {
            fill(address, pages(2 * count), 7);
            long[] addresses = new long[count];
            long[] byteSizes = new long[count];
            for (int i = 0; i < count; i++) {
                addresses[i] = address + pages(2 * i);
                byteSizes[i] = pages(1);
            }
            memory().lock(addresses[refused], pages(1));
            SystemCallException e = catchThrowableOfType(
                    SystemCallException.class, () -> memory().decommit(Backing.ANONYMOUS, addresses, byteSizes, count));
            assertThat(e.errno()).isEqualTo(Errno.EINVAL);
            assertThat(e).hasMessageContaining("address=0x" + Long.toHexString(addresses[refused]));
            for (int i = 0; i < count; i++) {
                assertThat(holds(addresses[i], pages(1), i < refused ? 0 : 7)).isTrue();
            }
            memory().unlock(addresses[refused], pages(1));
            memory().decommit(Backing.ANONYMOUS, addresses, byteSizes, count);
            assertThat(holds(addresses[refused], pages(1), 0)).isTrue();
        });
    }

    @Test
    default void moreThanOneCallTakesIsDecommitted() {
        assumeCan(Capability.DECOMMIT);
        // A vectored call of Linux takes 2 GiB minus a page, and may stop inside a range.
        long gibibyte = 1L << 30;
        long address = memory().reserve(6 * gibibyte, gibibyte);
        memory().commit(address, 6 * gibibyte);
        memory().advise(address, 6 * gibibyte, Advice.NO_HUGE_PAGE);
        long[] addresses = new long[6];
        long[] byteSizes = new long[6];
        for (int i = 0; i < 6; i++) {
            addresses[i] = address + i * gibibyte;
            byteSizes[i] = gibibyte;
            write(addresses[i], 7);
            write(addresses[i] + gibibyte - 1, 7);
        }
        memory().decommit(Backing.ANONYMOUS, addresses, byteSizes, 6);
        for (int i = 0; i < 6; i++) {
            assertThat(read(addresses[i])).isZero();
            assertThat(read(addresses[i] + gibibyte - 1)).isZero();
        }
        memory().release(address, 6 * gibibyte);
    }
}
