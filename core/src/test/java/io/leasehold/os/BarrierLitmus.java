package io.leasehold.os;

import java.util.SplittableRandom;

/// Litmus test of [VirtualMemory#barrier]. One thread stores and then loads without a fence. The other thread stores,
/// calls the barrier, and loads. At least one of them must see the store of the other.
public final class BarrierLitmus {

    private static final int SPINS_BEFORE_YIELD = 2_000;

    private int owner;
    private int other;
    private volatile int turn = -1;
    private volatile int done = -1;

    private BarrierLitmus() {}

    /// {@return the number of rounds in which neither thread saw the store of the other}
    ///
    /// @param barrier replaces the fence of the first thread
    /// @param rounds number of rounds
    public static int violations(Runnable barrier, int rounds) throws InterruptedException {
        return new BarrierLitmus().run(barrier, rounds);
    }

    private int run(Runnable barrier, int rounds) throws InterruptedException {
        int[] seenByOwner = new int[rounds];
        Thread thread = Thread.ofPlatform().start(() -> {
            for (int round = 0; round < rounds; round++) {
                awaitTurn(round);
                seenByOwner[round] = storeThenLoad();
                done = round;
            }
        });
        SplittableRandom pauses = new SplittableRandom(1);
        int violations = 0;
        for (int round = 0; round < rounds; round++) {
            owner = 0;
            other = 0;
            turn = round;
            for (int spins = pauses.nextInt(100); spins > 0; spins--) {
                Thread.onSpinWait();
            }
            other = 1;
            barrier.run();
            int seen = owner;
            awaitDone(round);
            violations += seen == 0 && seenByOwner[round] == 0 ? 1 : 0;
        }
        thread.join();
        return violations;
    }

    private int storeThenLoad() {
        owner = 1;
        return other;
    }

    private void awaitTurn(int round) {
        for (int spins = 0; turn < round; spins++) {
            relax(spins);
        }
    }

    private void awaitDone(int round) {
        for (int spins = 0; done < round; spins++) {
            relax(spins);
        }
    }

    private static void relax(int spins) {
        if (spins < SPINS_BEFORE_YIELD) {
            Thread.onSpinWait();
        } else {
            Thread.yield();
        }
    }
}
