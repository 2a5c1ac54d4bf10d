package io.leasehold.lease;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.leasehold.error.Errno;
import io.leasehold.error.SystemCallException;
import io.leasehold.memory.OffHeap;
import io.leasehold.memory.Seeds;
import io.leasehold.os.FaultyVirtualMemory;
import io.leasehold.os.FaultyVirtualMemory.Call;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Random life of a pool of windows beside a plain model of sf_buf(9): same windows, same victims, same numbers.
class WindowModelTest implements WindowFixture {

    private static final int STEPS = Boolean.getBoolean("leasehold.soak") ? 200_000 : 3_000;

    private final FaultyVirtualMemory memory = WindowFixture.countedMemory();

    @Override
    public FaultyVirtualMemory memory() {
        return memory;
    }

    /// A lease and the slot that the model gave it.
    private record Held(long lease, int slot) {}

    @ParameterizedTest
    @CsvSource({"1, 2, 1", "2, 5, 3", "4, 6, 4", "7, 20, 12", "16, 17, 9", "64, 70, 40", "16, 200, 40"})
    void poolOfOneThreadDoesAsTheModelDoes(int slots, int pageCount, int most) {
        SplittableRandom random = Seeds.random("WindowModelTest");
        try (LeaseFixture fixture = fixture(slots)) {
            LeasePool pool = fixture.pool();
            long[] pages = fixture.wiredPages(pageCount);
            WindowModel model = new WindowModel(slots);
            List<Held> held = new ArrayList<>();
            long base = 0;
            for (int step = 0; step < STEPS; step++) {
                // the quota grows slowly, so that hits make new peaks as often as misses do
                int quota = 1 + step * most / STEPS;
                if (held.size() < quota && random.nextInt(100) < 55) {
                    long page = pages[random.nextInt(pageCount)];
                    if (random.nextInt(20) == 0 && !model.isMapped(page) && model.hasFree()) {
                        refuse(pool, page);
                        model.refuse();
                    } else {
                        int slot = model.acquire(page);
                        int flags = LeaseFlag.NOWAIT | (random.nextBoolean() ? LeaseFlag.CPUPRIVATE : 0);
                        long lease = pool.tryAcquireHandle(page, flags);
                        assertThat(lease == LeasePool.NO_LEASE).isEqualTo(slot == WindowModel.NONE);
                        if (slot != WindowModel.NONE) {
                            long address = pool.address(lease);
                            base = base == 0 ? address - slot * fixture.pageBytes() : base;
                            assertThat((address - base) / fixture.pageBytes()).isEqualTo(slot);
                            assertThat(OffHeap.getLong(address)).isEqualTo(LeaseFixture.mark(page));
                            held.add(new Held(lease, slot));
                        }
                    }
                } else if (!held.isEmpty()) {
                    Held ended = held.remove(random.nextInt(held.size()));
                    model.release(ended.slot);
                    pool.free(ended.lease);
                }
                if (step % 16 == 0) {
                    pool.checkInvariants();
                }
            }
            // only here: looking at the numbers brings the peak up to date
            assertThat(pool.stats())
                    .as("%s", model)
                    .isEqualTo(new LeasePoolStats(
                            slots,
                            model.used,
                            model.peak,
                            model.hits,
                            model.misses,
                            0,
                            0,
                            model.failures,
                            held.size()));
            held.forEach(each -> pool.free(each.lease));
        }
    }

    @Test
    void peakThatHitsAloneMadeIsSeen() {
        try (LeaseFixture fixture = fixture(4)) {
            LeasePool pool = fixture.pool();
            long[] pages = fixture.wiredPages(4);
            List<Lease> leases = new ArrayList<>();
            for (int[] together : new int[][] {{0, 1}, {2, 3}, {0, 1, 2}}) {
                for (int page : together) {
                    leases.add(pool.acquire(pages[page]));
                }
                leases.forEach(Lease::close);
                leases.clear();
            }
            assertThat(pool.stats().peak()).isEqualTo(3);
        }
    }

    private void refuse(LeasePool pool, long page) {
        memory.failOnce(Call.MAP, 1, Errno.ENOMEM);
        assertThatThrownBy(() -> pool.tryAcquireHandle(page, LeaseFlag.NOWAIT)).isInstanceOf(SystemCallException.class);
    }
}
