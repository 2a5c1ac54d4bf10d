package io.leasehold.lease;

import static org.assertj.core.api.Assertions.assertThat;

import io.leasehold.lease.WindowWaiters.Waiter;
import io.leasehold.memory.Seeds;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Compares claims of many waiters with a model, a plain list of waiters: both grant the same windows to the same
/// pages, in the same order.
///
/// One thread plays all waiters, because [WindowClaims#look] does not park. Each step also checks the index of the
/// waiters, and that no waiter was woken without a reason.
class WindowClaimsModelTest {

    private static final int STEPS = Boolean.getBoolean("leasehold.soak") ? 500_000 : 20_000;

    /// A thread that waits for a page.
    private record Waiting(Waiter waiter, long page) {}

    private WindowSlots slots = new WindowSlots(1);
    private WindowClaims claims = claims(slots);
    private SplittableRandom random = new SplittableRandom(1);
    private final Map<Long, Integer> leases = new HashMap<>(); // by page that has a window, 0 while none uses it
    private final Set<Long> granted = new HashSet<>(); // pages
    private final Set<Long> mapping = new HashSet<>(); // pages
    private final List<Waiting> waiting = new ArrayList<>(); // in the order of their arrival
    private long wakeUps;
    private long failures;
    private long waited;

    static WindowClaims claims(WindowSlots slots) {
        return new WindowClaims(slots, new LeaseRecords(1, "loans", null).errors());
    }

    @ParameterizedTest
    @CsvSource({"1, 2", "1, 8", "2, 6", "4, 10", "7, 50", "30, 100"})
    void claimsDoAsTheModelDoes(int slotCount, int pageCount) {
        random = Seeds.random("WindowClaimsModelTest");
        slots = new WindowSlots(slotCount);
        claims = claims(slots);
        for (int step = 0; step < STEPS; step++) {
            boolean isCrowded = waiting.size() > 3 * slotCount + pageCount;
            int choice = random.nextInt(100);
            if (choice < (isCrowded ? 20 : 50)) {
                claim((1 + random.nextInt(pageCount)) << 12, random.nextInt(5) > 0);
            } else if (choice < 65) {
                any(mapping.stream().toList()).ifPresent(this::finish);
            } else if (choice < 68) {
                any(mapping.stream().toList()).ifPresent(this::refuse);
            } else if (choice < 78) {
                any(granted.stream().toList()).ifPresent(this::begin);
            } else if (choice < 82) {
                any(waiting).ifPresent(this::giveUp);
            } else {
                any(leasedPages()).ifPresent(this::release);
            }
            check();
        }
        assertThat(waited).isPositive();
    }

    private List<Long> leasedPages() {
        return leases.entrySet().stream()
                .filter(each -> each.getValue() > 0)
                .map(Map.Entry::getKey)
                .toList();
    }

    private <T> Optional<T> any(List<T> list) {
        return list.isEmpty() ? Optional.empty() : Optional.of(list.get(random.nextInt(list.size())));
    }

    private void claim(long page, boolean mayWait) {
        int claim = look(page, mayWait, null);
        if (leases.containsKey(page)) {
            int before = leases.merge(page, 1, Integer::sum) - 1;
            assertThat(claim).isEqualTo(slots.find(page) | (before == 0 ? WindowClaims.WAS_IDLE : 0));
        } else if (granted.remove(page)) {
            assertThat(claim).isEqualTo(slots.find(page) | WindowClaims.TO_MAP);
            mapping.add(page);
        } else if (!mapping.contains(page) && line().isEmpty() && free() > 0) {
            assertThat(claim & WindowClaims.TO_MAP).isNotZero();
            assertThat(WindowClaims.slot(claim)).isEqualTo(slots.find(page));
            mapping.add(page);
            forgetEvicted();
        } else if (mayWait) {
            Waiter self = new Waiter(page);
            assertThat(claim).isEqualTo(mapping.contains(page) ? WindowClaims.BEING_MAPPED : WindowClaims.WAIT);
            assertThat(look(page, true, self)).isEqualTo(WindowClaims.WAIT);
            assertThat(self.isWaiting()).isTrue();
            waiting.add(new Waiting(self, page));
            waited++;
        } else if (mapping.contains(page)) {
            assertThat(claim).isEqualTo(WindowClaims.BEING_MAPPED);
        } else {
            assertThat(claim).isEqualTo(WindowClaims.NONE);
            failures++;
        }
    }

    /// The first waiter for a page that was granted wakes up.
    private void begin(long page) {
        Waiting first =
                waiting.stream().filter(each -> each.page == page).findFirst().orElseThrow();
        assertThat(look(page, true, first.waiter)).isEqualTo(slots.find(page) | WindowClaims.TO_MAP);
        granted.remove(page);
        mapping.add(page);
        waiting.remove(first);
    }

    private void finish(long page) {
        int slot = slots.find(page);
        claims.finish(slot, page);
        mapping.remove(page);
        List<Waiting> mates = waiting.stream().filter(each -> each.page == page).toList();
        leases.put(page, 1 + mates.size());
        waiting.removeAll(mates);
        wakeUps += mates.size();
        for (Waiting mate : mates) {
            assertThat(mate.waiter.slot()).isEqualTo(slot);
            assertThat(look(page, true, mate.waiter)).isEqualTo(slot);
        }
    }

    private void refuse(long page) {
        claims.refuse(slots.find(page), page);
        mapping.remove(page);
        grantFree();
    }

    private void release(long page) {
        int slot = slots.find(page);
        long word = slots.leave(slot, claims.misses());
        if (leases.merge(page, -1, Integer::sum) == 0) {
            if (!WindowSlots.isQueued(word)) {
                claims.queue(slot);
            }
            grantFree();
        }
    }

    private void giveUp(Waiting waiter) {
        boolean wasFirst = waiting.stream()
                .filter(each -> each.page == waiter.page)
                .findFirst()
                .orElseThrow()
                .equals(waiter);
        assertThat(claims.giveUp(waiter.waiter)).isEqualTo(WindowClaims.NONE);
        assertThat(waiter.waiter.isWaiting()).isFalse();
        waiting.remove(waiter);
        failures++;
        if (wasFirst && granted.remove(waiter.page)) {
            grantFree();
        }
    }

    /// Grants free windows to the pages that were requested first.
    private void grantFree() {
        while (free() > 0 && !line().isEmpty()) {
            granted.add(line().getFirst().page);
            wakeUps++;
            forgetEvicted();
        }
    }

    /// {@return the waiters whose pages have no window, in the order of their arrival}
    private List<Waiting> line() {
        return waiting.stream()
                .filter(each -> !granted.contains(each.page) && !mapping.contains(each.page))
                .toList();
    }

    private int free() {
        long used = leases.values().stream().filter(count -> count > 0).count();
        return slots.count() - (int) used - granted.size() - mapping.size();
    }

    /// Removes the pages that lost their windows. Other tests check which window is the oldest.
    private void forgetEvicted() {
        leases.entrySet().removeIf(each -> each.getValue() == 0 && slots.find(each.getKey()) == WindowSlots.NO_SLOT);
    }

    private int look(long page, boolean mayWait, @Nullable Waiter self) {
        for (int rounds = 0; rounds < 100; rounds++) {
            int claim = claims.look(page, mayWait, self);
            if (claim != WindowClaims.AGAIN) {
                return claim;
            }
        }
        throw new AssertionError("a search without end: page=" + page);
    }

    private void check() {
        forgetEvicted();
        claims.checkInvariants();
        leases.forEach((page, count) ->
                assertThat(WindowSlots.leases(slots.word(slots.find(page)))).isEqualTo(count));
        for (Set<Long> taken : List.of(granted, mapping)) {
            taken.forEach(page ->
                    assertThat(WindowSlots.isBusy(slots.word(slots.find(page)))).isTrue());
        }
        waiting.forEach(each -> assertThat(each.waiter.isWaiting()).isTrue());
        assertThat(claims.waiters().wakeUps()).as("wake-ups").isEqualTo(wakeUps);
        assertThat(claims.failures()).isEqualTo(failures);
        assertThat(claims.waited()).isEqualTo(waited);
        assertThat(claims.waiters().isLineEmpty()).isEqualTo(line().isEmpty());
    }
}
