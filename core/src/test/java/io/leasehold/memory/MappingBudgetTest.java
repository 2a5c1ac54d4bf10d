package io.leasehold.memory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.leasehold.os.VirtualMemory;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicLong;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(600)
class MappingBudgetTest {

    private static final int ROUNDS = 100_000;

    @Test
    void limitIsExact() {
        MappingBudget budget = new MappingBudget(10);
        assertThat(budget.tryCharge(7)).isTrue();
        assertThat(budget.tryCharge(4)).isFalse();
        assertThat(budget.used()).isEqualTo(7);
        assertThat(budget.tryCharge(3)).isTrue();
        assertThat(budget.tryCharge(1)).isFalse();
        assertThat(budget.limit()).isEqualTo(10);
    }

    @Test
    void chargeOverTheLimitNamesPurposeAndNumbersAndChangesNothing() {
        MappingBudget budget = new MappingBudget(10);
        budget.charge("windows", 9);
        assertThatThrownBy(() -> budget.charge("pages", 2))
                .isInstanceOf(IllegalStateException.class)
                .hasMessage("out of kernel mappings: purpose=pages, wanted=2, used=9, max=10"
                        + " (a quarter of vm.max_map_count)");
        assertThat(budget.used()).isEqualTo(9);
    }

    @Test
    void hugeRequestDoesNotWrapAround() {
        MappingBudget budget = new MappingBudget(Long.MAX_VALUE);
        budget.charge("windows", 2);
        assertThat(budget.tryCharge(Long.MAX_VALUE)).isFalse();
        assertThat(budget.used()).isEqualTo(2);
    }

    @Test
    void creditOfMoreThanWasChargedIsAnErrorThatChangesNothing() {
        MappingBudget budget = new MappingBudget(10);
        budget.charge("windows", 3);
        assertThatThrownBy(() -> budget.credit(4))
                .isInstanceOf(IllegalStateException.class)
                .hasMessage("credited more mappings than were charged: count=4, used=3");
        assertThat(budget.used()).isEqualTo(3);
        budget.credit(3);
        assertThat(budget.used()).isZero();
    }

    @Test
    void negativeLimitIsRejected() {
        assertThatThrownBy(() -> new MappingBudget(-1))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("limit is too low: limit=-1, min=0");
    }

    /// A negative charge would be an unchecked credit, and a negative credit a charge beyond the limit.
    @ParameterizedTest
    @ValueSource(longs = {-1, -4, Long.MIN_VALUE})
    void negativeCountIsRejectedAndChangesNothing(long count) {
        MappingBudget budget = new MappingBudget(10);
        budget.charge("windows", 3);
        for (ThrowingCallable call : List.<ThrowingCallable>of(
                () -> budget.tryCharge(count), () -> budget.charge("pages", count), () -> budget.credit(count))) {
            assertThatThrownBy(call)
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessage("count of mappings is negative: count=" + count);
            assertThat(budget.used()).isEqualTo(3);
        }
    }

    @Test
    void nothingCanBeChargedAndCredited() {
        MappingBudget budget = new MappingBudget(0);
        assertThat(budget.tryCharge(0)).isTrue();
        budget.credit(0);
        assertThat(budget.used()).isZero();
    }

    @Test
    void systemAccountIsAQuarterOfWhatTheKernelAllows() {
        assertThat(MappingBudget.system()).isSameAs(MappingBudget.system());
        assertThat(MappingBudget.system().limit())
                .isEqualTo(VirtualMemory.system().mappingLimit() / 4);
    }

    @Test
    void sumIsNeverOverTheLimitWhileManyThreadsChargeAndCredit() throws InterruptedException {
        MappingBudget budget = new MappingBudget(10);
        AtomicLong held = new AtomicLong();
        AtomicLong refused = new AtomicLong();
        Queue<Long> wrong = new ConcurrentLinkedQueue<>();
        List<Thread> threads = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
            int count = i + 2;
            threads.add(Thread.ofPlatform().start(() -> {
                // until the limit was met: with luck one thread is done before the next begins
                for (int round = 0; round < ROUNDS || refused.get() == 0; round++) {
                    if (budget.tryCharge(count)) {
                        long now = held.addAndGet(count);
                        if (now > 10) {
                            wrong.add(now);
                        }
                        if (round % 8 == 0) {
                            Thread.yield();
                        }
                        held.addAndGet(-count);
                        budget.credit(count);
                    } else {
                        refused.incrementAndGet();
                    }
                }
            }));
        }
        for (Thread thread : threads) {
            thread.join();
        }
        assertThat(wrong).isEmpty();
        assertThat(budget.used()).isZero();
    }
}
