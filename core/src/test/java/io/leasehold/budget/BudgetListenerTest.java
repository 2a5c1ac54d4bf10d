package io.leasehold.budget;

import static org.assertj.core.api.Assertions.assertThat;

import io.leasehold.budget.BudgetRefusal.Reason;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// A listener sees each byte come and go, may refuse, and may fail without losing a byte.
@Timeout(600)
class BudgetListenerTest {

    /// An account of another system, as a circuit breaker keeps it.
    private static final class Breaker implements BudgetListener {

        private final long limit;
        private final List<BudgetRefusal> refusals = new ArrayList<>();
        private long bytes;

        Breaker(long limit) {
            this.limit = limit;
        }

        @Override
        public boolean reserving(MemoryBudget budget, long more) {
            if (bytes + more > limit) {
                return false;
            }
            bytes += more;
            return true;
        }

        @Override
        public void released(MemoryBudget budget, long less) {
            bytes -= less;
        }

        @Override
        public void refused(BudgetRefusal refusal) {
            refusals.add(refusal);
        }
    }

    @Test
    void breakerCountsTheSameBytesAndMayRefuse() {
        Breaker breaker = new Breaker(70);
        MemoryBudget server = MemoryBudget.of("server", 60);
        MemoryBudget network = server.child(BudgetOptions.of("network", 100).withListener(breaker));
        MemoryBudget customer = network.child("customer", 100);
        assertThat(customer.tryReserve(50)).isTrue();
        assertThat(breaker.bytes).isEqualTo(50);
        assertThat(customer.tryReserve(15)).as("the parent refuses").isFalse();
        assertThat(breaker.bytes).as("undone").isEqualTo(50);
        assertThat(customer.tryReserve(21)).as("the breaker refuses").isFalse();
        assertThat(breaker.refusals)
                .containsExactly(
                        new BudgetRefusal(customer, server, Reason.LIMIT, 15, 50, 60),
                        new BudgetRefusal(customer, network, Reason.LISTENER, 21, 50, 100));
        assertThat(List.of(customer.refusals(), network.refusals(), server.refusals()))
                .containsExactly(2L, 2L, 1L);
        customer.release(20);
        customer.release(30);
        assertThat(breaker.bytes).isZero();
        server.checkInvariants();
    }

    @Test
    void refusalBelowIsNotToldAbove() {
        Breaker breaker = new Breaker(100);
        MemoryBudget server = MemoryBudget.of(BudgetOptions.of("server", 100).withListener(breaker));
        MemoryBudget network = server.child("network", 10);
        assertThat(network.tryReserve(11)).isFalse();
        assertThat(breaker.refusals).isEmpty();
    }

    /// While a reservation waits for the answer of a listener above, another change sees its bytes and tells the
    /// crossing. The bytes are refused then, and the crossing is taken back.
    @Test
    void crossingByBytesThatAreRefusedAboveIsTakenBack() {
        List<Boolean> told = new ArrayList<>();
        MemoryBudget[] child = new MemoryBudget[1];
        MemoryBudget server = MemoryBudget.of(BudgetOptions.of("server", 200).withListener(new BudgetListener() {
            @Override
            public boolean reserving(MemoryBudget budget, long bytes) {
                if (bytes == 60) {
                    child[0].release(1);
                }
                return bytes != 60;
            }
        }));
        child[0] = server.child(
                BudgetOptions.of("network", 100).withSoftByteLimit(50).withListener(new BudgetListener() {
                    @Override
                    public void softLimitCrossed(MemoryBudget budget, boolean isAbove) {
                        told.add(isAbove);
                    }
                }));
        assertThat(child[0].tryReserve(40)).isTrue();
        assertThat(child[0].tryReserve(60)).isFalse();
        assertThat(told).containsExactly(true, false);
        server.checkInvariants();
    }

    /// A listener whose every callback throws, an error or an exception.
    private static final class Failing implements BudgetListener {

        private final boolean failsBefore;
        private int calls;

        Failing(boolean failsBefore) {
            this.failsBefore = failsBefore;
        }

        @Override
        public boolean reserving(MemoryBudget budget, long bytes) {
            if (failsBefore) {
                throw planned();
            }
            return true;
        }

        @Override
        public void released(MemoryBudget budget, long bytes) {
            throw planned();
        }

        @Override
        public void refused(BudgetRefusal refusal) {
            throw planned();
        }

        @Override
        public void softLimitCrossed(MemoryBudget budget, boolean isAbove) {
            throw planned();
        }

        private RuntimeException planned() {
            calls++;
            if (calls % 2 == 0) {
                throw new StackOverflowError("planned");
            }
            return new IllegalStateException("planned");
        }
    }

    @Test
    void failingListenerLosesNothing() {
        MemoryBudget server = MemoryBudget.of(
                BudgetOptions.of("server", 100).withSoftByteLimit(10).withListener(new Failing(false)));
        MemoryBudget network = server.child(
                BudgetOptions.of("network", 90).withSoftByteLimit(5).withListener(new Failing(false)));
        for (int round = 0; round < 10; round++) {
            assertThat(network.tryReserve(50)).isTrue();
            assertThat(network.tryReserve(41)).isFalse();
            assertThat(server.tryReserve(51)).isFalse();
            server.checkInvariants();
            network.release(50);
            server.checkInvariants();
            assertThat(server.usedBytes()).isZero();
        }
        assertThat(network.stats().softCrossings()).isEqualTo(10);
    }

    @Test
    void listenerThatFailsBeforeTheReservationRefusesIt() {
        MemoryBudget server = MemoryBudget.of(BudgetOptions.of("server", 100).withListener(new Failing(true)));
        MemoryBudget network = server.child("network", 100);
        for (int round = 0; round < 4; round++) {
            assertThat(network.tryReserve(50)).isFalse();
            server.checkInvariants();
            assertThat(network.usedBytes()).isZero();
        }
        assertThat(server.refusals()).isEqualTo(4);
    }
}
