package io.leasehold.budget;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.leasehold.budget.BudgetRefusal.Reason;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// Shares, soft limits, refusals and statistics of a tree of budgets.
@Timeout(600)
class BudgetTreeTest {

    @Test
    void shareIsWhatIsLeftDividedByTheOpenChildren() {
        MemoryBudget server = MemoryBudget.of(fair("server", 1000, 600));
        MemoryBudget network = server.child(fair("network", 800, 800));
        MemoryBudget cache = server.child("cache", 300);
        assertThat(server.shareBytes()).isEqualTo(1000);
        assertThat(network.shareBytes()).isEqualTo(500);
        assertThat(cache.shareBytes()).as("its own limit is lower").isEqualTo(300);
        assertThat(server.tryReserve(100)).isTrue(); // not through a child: less is left
        assertThat(network.shareBytes()).isEqualTo(450);
        MemoryBudget customer = network.child("customer", 900);
        assertThat(customer.shareBytes()).isEqualTo(450);
        network.child("other", 900);
        assertThat(customer.shareBytes()).isEqualTo(225);
        cache.close();
        assertThat(network.shareBytes()).isEqualTo(800);
        server.release(100);
    }

    @Test
    void withoutFairSharesTheShareIsAllThatIsLeft() {
        MemoryBudget server = MemoryBudget.of("server", 1000);
        MemoryBudget network = server.child("network", 800);
        server.child("cache", 300);
        assertThat(network.shareBytes()).isEqualTo(800);
        assertThat(server.tryReserve(700)).isTrue();
        assertThat(network.shareBytes()).isEqualTo(300);
    }

    @Test
    void childAboveItsShareIsRefusedUnderPressureOnly() {
        MemoryBudget server = MemoryBudget.of(fair("server", 100, 60));
        MemoryBudget network = server.child("network", 100);
        MemoryBudget cache = server.child("cache", 100);
        assertThat(network.tryReserve(60)).as("above the share, no pressure").isTrue();
        assertThat(network.tryReserve(1)).isFalse();
        BudgetRefusal refusal = Objects.requireNonNull(network.refusal(1));
        assertThat(refusal)
                .isEqualTo(new BudgetRefusal(network, network, Reason.SHARE, 1, 60, 50))
                .hasToString("a budget has its share of a parent under pressure: budget=server/network,"
                        + " request=1 B, max=50 B, used=60 B, requested in server/network");
        assertThat(network.refusals()).isOne();
        assertThat(server.refusals()).as("its own limit refused nothing").isZero();
        assertThat(cache.tryReserve(40)).as("below its share").isTrue();
        assertThat(network.isUnderPressure()).isTrue();
        assertThat(cache.isUnderPressure()).isFalse();
        network.release(60);
        assertThat(cache.tryReserve(20)).as("no pressure any more").isTrue();
        server.checkInvariants();
    }

    @Test
    void requestOfNothingIsAllowedAboveTheShare() {
        MemoryBudget server = MemoryBudget.of(fair("server", 100, 0));
        MemoryBudget network = server.child("network", 100);
        assertThat(network.tryReserve(100)).isTrue();
        server.child("cache", 100);
        assertThat(network.tryReserve(0)).isTrue();
        assertThat(network.tryReserve(1)).isFalse();
    }

    @Test
    void refusalNamesTheFirstLimitFromTheRequestedBudgetUpwards() {
        MemoryBudget server = MemoryBudget.of("server", 100);
        MemoryBudget network = server.child("network", 90);
        MemoryBudget customer = network.child("customer", 80);
        assertThat(customer.refusal(80)).isNull();
        assertThat(Objects.requireNonNull(customer.refusal(81)).refusing()).isSameAs(customer);
        assertThat(server.tryReserve(20)).isTrue();
        assertThat(network.tryReserve(15)).isTrue();
        assertThat(customer.refusal(66))
                .hasToString("the limit of a budget is reached: budget=server, request=66 B, max=100 B, used=35 B,"
                        + " requested in server/network/customer");
        assertThat(customer.refusal(76))
                .hasToString("the limit of a budget is reached: budget=server/network, request=76 B, max=90 B,"
                        + " used=15 B, requested in server/network/customer");
        assertThatThrownBy(() -> customer.refusal(-1))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("bytes is negative: budget=server/network/customer, bytes=-1, min=0");
    }

    @Test
    void sourceOfPressureCountsAsPressureAndMayFail() {
        AtomicBoolean pressed = new AtomicBoolean();
        AtomicBoolean failing = new AtomicBoolean();
        MemoryBudget server = MemoryBudget.of(fair("server", 100, 100).withPressure(() -> {
            if (failing.get()) {
                throw new IllegalStateException("planned");
            }
            return pressed.get();
        }));
        MemoryBudget network = server.child("network", 100);
        server.child("cache", 100);
        assertThat(network.tryReserve(60)).isTrue();
        pressed.set(true);
        assertThat(network.tryReserve(1)).isFalse();
        assertThat(server.isUnderPressure()).isTrue();
        assertThat(network.isUnderPressure()).isTrue();
        failing.set(true);
        assertThat(network.tryReserve(1)).isTrue();
        assertThat(server.isUnderPressure()).isFalse();
        server.checkInvariants();
    }

    @Test
    void softLimitIsToldAtEachCrossingAndCounted() {
        List<Boolean> told = new ArrayList<>();
        MemoryBudget server = MemoryBudget.of(
                BudgetOptions.of("server", 100).withSoftByteLimit(50).withListener(new BudgetListener() {
                    @Override
                    public void softLimitCrossed(MemoryBudget budget, boolean isAbove) {
                        told.add(isAbove);
                    }
                }));
        MemoryBudget network = server.child("network", 100);
        assertThat(network.tryReserve(50)).isTrue();
        assertThat(told).isEmpty();
        assertThat(network.tryReserve(1)).isTrue();
        assertThat(network.tryReserve(10)).isTrue();
        network.release(11);
        assertThat(server.tryReserve(2)).isTrue();
        assertThat(told).containsExactly(true, false, true);
        assertThat(server.stats().softCrossings()).isEqualTo(2);
        assertThat(network.stats().softCrossings()).as("it has no soft limit").isZero();
    }

    /// The callback releases what it finds above the soft limit, as a cache does.
    @Test
    void listenerMayReleaseInsideTheCallback() {
        List<Boolean> told = new ArrayList<>();
        MemoryBudget server = MemoryBudget.of(BudgetOptions.of("server", 100)
                .withSoftByteLimit(50)
                .withListener(new BudgetListener() {
                    @Override
                    public void softLimitCrossed(MemoryBudget budget, boolean isAbove) {
                        told.add(isAbove);
                        if (isAbove) {
                            budget.release(30);
                        }
                    }
                }));
        assertThat(server.tryReserve(60)).isTrue();
        assertThat(told).containsExactly(true, false);
        assertThat(server.usedBytes()).isEqualTo(30);
        server.checkInvariants();
    }

    @Test
    void refusedBytesAreNoCrossing() {
        MemoryBudget server = MemoryBudget.of("server", 10);
        MemoryBudget network = server.child(BudgetOptions.of("network", 100).withSoftByteLimit(5));
        assertThat(network.tryReserve(11)).isFalse();
        assertThat(network.stats().softCrossings()).isZero();
        assertThat(network.peakBytes()).isZero();
    }

    @Test
    void statsAreThoseOfTheWholeTree() {
        MemoryBudget server = MemoryBudget.of(fair("server", 100, 90));
        MemoryBudget network = server.child("network", 60);
        MemoryBudget cache = server.child("cache", 70);
        assertThat(network.tryReserve(10)).isTrue();
        assertThat(cache.tryReserve(30)).isTrue();
        assertThat(server.tryReserve(5)).isTrue();
        network.release(4);
        assertThat(network.tryReserve(55)).isFalse();
        assertThat(server.stats())
                .isEqualTo(new BudgetStats(
                        "server",
                        41,
                        5,
                        45,
                        100,
                        90,
                        100,
                        0,
                        0,
                        List.of(
                                new BudgetStats("server/cache", 30, 30, 30, 70, 70, 47, 0, 0, List.of()),
                                new BudgetStats("server/network", 6, 6, 10, 60, 60, 47, 1, 0, List.of()))));
    }

    @Test
    void bytesOfAChildCannotBeReleasedInItsParent() {
        MemoryBudget server = MemoryBudget.of("server", 100);
        MemoryBudget network = server.child("network", 100);
        assertThat(network.tryReserve(10)).isTrue();
        assertThat(server.tryReserve(3)).isTrue();
        assertThatThrownBy(() -> server.release(4))
                .isInstanceOf(IllegalStateException.class)
                .hasMessage("released more than was reserved: budget=server, bytes=4, used=3");
        server.checkInvariants();
    }

    @Test
    void twinsAreNumbered() {
        MemoryBudget server = MemoryBudget.of("server", 100);
        MemoryBudget first = server.child("cache", 10);
        MemoryBudget second = server.child("cache", 10);
        assertThat(first.path()).isEqualTo("server/cache");
        assertThat(second.path()).isEqualTo("server/cache#2");
        assertThat(server.child("cache#3", 10).name()).isEqualTo("cache#3");
        assertThat(server.child("cache", 10).name()).isEqualTo("cache#4");
        first.close();
        assertThat(server.child("cache", 10).name())
                .as("the name is free again")
                .isEqualTo("cache");
        server.checkInvariants();
    }

    @Test
    void limitAboveTheParentsIsAllowedAndTheParentRefuses() {
        MemoryBudget server = MemoryBudget.of("server", 100);
        MemoryBudget network = server.child("network", Long.MAX_VALUE);
        assertThat(network.shareBytes()).isEqualTo(100);
        assertThat(network.tryReserve(Long.MAX_VALUE)).isFalse();
        assertThat(network.tryReserve(101)).isFalse();
        assertThat(network.tryReserve(100)).isTrue();
        assertThat(network.tryReserve(Long.MAX_VALUE)).isFalse();
        assertThat(Objects.requireNonNull(network.refusal(1)).refusing()).isSameAs(server);
        server.checkInvariants();
    }

    @Test
    void closedBudgetTakesNothing() {
        MemoryBudget server = MemoryBudget.of("server", 100);
        MemoryBudget network = server.child("network", 100);
        assertThatThrownBy(server::close)
                .isInstanceOf(IllegalStateException.class)
                .hasMessage("budget has children, close them first: server 0 of 100 B (network 0 of 100 B)");
        assertThat(server.tryReserve(1)).as("nothing was changed").isTrue();
        server.release(1);
        network.close();
        network.close();
        network.release(0);
        assertThat(network.usedBytes()).isZero();
        assertThatThrownBy(() -> network.tryReserve(1))
                .isInstanceOf(IllegalStateException.class)
                .hasMessage("budget is closed: budget=server/network");
        assertThatThrownBy(() -> network.child("customer", 1))
                .isInstanceOf(IllegalStateException.class)
                .hasMessage("budget is closed: budget=server/network");
        assertThat(server.usedBytes()).isZero();
        assertThat(server.tryReserve(2)).isTrue();
        assertThatThrownBy(server::close).hasMessage("budget is in use: server 2 of 100 B");
        assertThat(server.child("cache", 1).tryReserve(1)).as("still open").isTrue();
    }

    @Test
    void levelsAreBounded() {
        MemoryBudget budget = MemoryBudget.of("b", 100);
        for (int level = 2; level <= MemoryBudget.MAX_DEPTH; level++) {
            budget = budget.child("b", 100);
        }
        MemoryBudget lowest = budget;
        assertThat(lowest.tryReserve(100)).isTrue();
        assertThat(lowest.top().usedBytes()).isEqualTo(100);
        assertThatThrownBy(() -> lowest.child("c", 1))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageMatching("too many levels of budgets: budget=b(/b){15}, child=c, max=16");
    }

    @Test
    void optionsAreChecked() {
        assertThatThrownBy(() -> BudgetOptions.of("server", 10).withSoftByteLimit(11))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("softByteLimit is out of bounds: softByteLimit=11, min=0, max=10");
        assertThatThrownBy(() -> BudgetOptions.of("server", 10).withSoftByteLimit(-1))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> BudgetOptions.of("server", -1))
                .hasMessage("byteLimit is too low: byteLimit=-1, min=0");
        assertThatThrownBy(() -> BudgetOptions.of("", 1)).hasMessage("name is blank: name=\"\"");
    }

    /// A flood: one child asks for more in each round than the whole tree has, and three ask for their shares. Each
    /// keeps what it got for a random time. Without fair shares the flood takes nearly all; with them each of the
    /// others gets everything that it asks for once the flood has released what it had before the pressure.
    @Test
    void floodLeavesTheOthersTheirShares() {
        double unfair = othersRate(false);
        double fair = othersRate(true);
        System.out.printf("BudgetTreeTest: admitted of what the others asked: unfair=%.3f, fair=%.3f%n", unfair, fair);
        assertThat(fair).isGreaterThan(0.95);
        assertThat(unfair).isLessThan(0.5);
    }

    /// {@return the part of the requests of the three quiet children that was admitted}
    private static double othersRate(boolean fairShares) {
        SplittableRandom random = new SplittableRandom(20);
        MemoryBudget server = MemoryBudget.of(fair("server", 1000, 600).withFairShares(fairShares));
        MemoryBudget flood = server.child("flood", 1000);
        List<MemoryBudget> others = List.of(server.child("a", 1000), server.child("b", 1000), server.child("c", 1000));
        long[] asked = new long[1];
        long[] admitted = new long[1];
        for (int round = 0; round < 10_000; round++) {
            while (flood.tryReserve(10)) {} // takes all that it can get
            for (MemoryBudget other : others) {
                while (other.usedBytes() < 200) { // its share is 250
                    asked[0]++;
                    if (!other.tryReserve(10)) {
                        break;
                    }
                    admitted[0]++;
                }
                while (other.usedBytes() > 0 && random.nextInt(4) != 0) {
                    other.release(10);
                }
            }
            while (flood.usedBytes() > 0 && random.nextInt(4) != 0) {
                flood.release(10);
            }
            server.checkInvariants();
        }
        return (double) admitted[0] / asked[0];
    }

    private static BudgetOptions fair(String name, long byteLimit, long softByteLimit) {
        return BudgetOptions.of(name, byteLimit)
                .withSoftByteLimit(softByteLimit)
                .withFairShares(true);
    }
}
