package io.leasehold.budget;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.leasehold.memory.Seeds;
import io.leasehold.page.Watchdog;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.SplittableRandom;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// Threads reserve, release, open and close in one tree. No limit is exceeded, listeners lose no byte, and the last
/// call of each soft limit has the state at the end.
@Timeout(120)
class BudgetTreeConcurrentTest {

    private static final int CLOSES = 20_000;
    private static final int THREADS = 4;
    private static final int STEPS = Boolean.getBoolean("leasehold.soak") ? 400_000 : 15_000;

    /// A close that is rejected changes nothing, also for a child that is made meanwhile.
    @Test
    void rejectedCloseDoesNotRejectAChild() throws Exception {
        MemoryBudget parent = MemoryBudget.of("open", 1 << 20);
        assertThat(parent.tryReserve(1)).isTrue();
        Watchdog watchdog = new Watchdog();
        watchdog.start("closes", () -> {
            for (int i = 0; i < CLOSES; i++) {
                assertThatThrownBy(parent::close).isInstanceOf(IllegalStateException.class);
            }
        });
        for (int i = 0; i < CLOSES; i++) {
            parent.child("child", 1).close();
        }
        watchdog.join();
        parent.release(1);
        parent.close();
    }

    @Test
    void twoClosesAtOnceBothSucceed() throws Exception {
        for (int i = 0; i < CLOSES / 40; i++) {
            MemoryBudget budget = MemoryBudget.of("twice", 1 << 20);
            CyclicBarrier both = new CyclicBarrier(2);
            Watchdog watchdog = new Watchdog();
            watchdog.start("closes", () -> {
                both.await();
                budget.close();
            });
            both.await();
            budget.close();
            watchdog.join();
        }
    }

    /// An account that refuses and fails at random.
    private static final class Account implements BudgetListener {

        private final AtomicLong bytes = new AtomicLong();
        private final AtomicLong calls = new AtomicLong();
        private final Queue<String> wrong;
        private boolean told; // plain on purpose: calls do not overlap

        Account(Queue<String> wrong) {
            this.wrong = wrong;
        }

        @Override
        public boolean reserving(MemoryBudget budget, long more) {
            long call = calls.incrementAndGet();
            if (call % 31 == 0) {
                throw new IllegalStateException("planned");
            }
            if (call % 17 == 0) {
                return false;
            }
            bytes.addAndGet(more);
            return true;
        }

        @Override
        public void released(MemoryBudget budget, long less) {
            if (bytes.addAndGet(-less) < 0) {
                wrong.add("released more than was allowed: " + budget.path());
            }
        }

        @Override
        public void softLimitCrossed(MemoryBudget budget, boolean isAbove) {
            if (told == isAbove) {
                wrong.add("told twice: " + budget.path() + " " + isAbove);
            }
            told = isAbove;
        }
    }

    @Test
    void treeStaysSound() throws InterruptedException {
        Queue<String> wrong = new ConcurrentLinkedQueue<>();
        Account accountOfTop = new Account(wrong);
        Account accountOfChild = new Account(wrong);
        MemoryBudget top = MemoryBudget.of(BudgetOptions.of("top", 1000)
                .withSoftByteLimit(500)
                .withFairShares(true)
                .withListener(accountOfTop));
        MemoryBudget child =
                top.child(BudgetOptions.of("child", 700).withSoftByteLimit(300).withListener(accountOfChild));
        List<MemoryBudget> budgets = List.of(top, child, child.child("leaf", 600), top.child("other", 600));
        SplittableRandom seeds = Seeds.random("BudgetTreeConcurrentTest");
        List<Thread> threads = new ArrayList<>();
        for (int i = 0; i < THREADS; i++) {
            SplittableRandom random = seeds.split();
            threads.add(Thread.ofPlatform().start(() -> walk(random, budgets, wrong)));
        }
        for (Thread thread : threads) {
            thread.join();
        }
        assertThat(wrong).isEmpty();
        top.checkInvariants();
        assertThat(budgets).allSatisfy(budget -> assertThat(budget.usedBytes()).isZero());
        assertThat(accountOfTop.bytes).hasValue(0);
        assertThat(accountOfChild.bytes).hasValue(0);
        assertThat(accountOfTop.told).isFalse();
        assertThat(accountOfChild.told).isFalse();
        assertThat(child.stats().softCrossings()).isPositive();
        assertThat(top.stats().children()).hasSize(2);
    }

    private static void walk(SplittableRandom random, List<MemoryBudget> budgets, Queue<String> wrong) {
        long[] held = new long[budgets.size()];
        for (int step = 0; step < STEPS && wrong.isEmpty(); step++) {
            int which = random.nextInt(budgets.size());
            MemoryBudget budget = budgets.get(which);
            long bytes = random.nextLong(1, 300);
            if (random.nextInt(16) == 0) {
                openAndClose(budget, bytes, wrong);
            } else if (held[which] > 0) {
                budget.release(held[which]);
                held[which] = 0;
            } else if (budget.tryReserve(bytes)) {
                held[which] = bytes;
            }
            if (budget.usedBytes() < held[which] || budget.usedBytes() > budget.byteLimit()) {
                wrong.add("use is out of bounds: " + budget.report());
            }
        }
        for (int i = 0; i < held.length; i++) {
            budgets.get(i).release(held[i]);
        }
    }

    private static void openAndClose(MemoryBudget parent, long bytes, Queue<String> wrong) {
        try (MemoryBudget customer = parent.child("customer", 200)) {
            if (customer.tryReserve(bytes)) {
                customer.release(bytes);
            }
            if (customer.usedBytes() != 0) {
                wrong.add("bytes of a customer are left: " + customer.report());
            }
        }
    }
}
