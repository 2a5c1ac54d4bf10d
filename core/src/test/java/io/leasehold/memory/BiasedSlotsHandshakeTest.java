package io.leasehold.memory;

import static org.assertj.core.api.Assertions.assertThat;

import io.leasehold.os.VirtualMemory;
import io.leasehold.os.VirtualMemory.Capability;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;
import java.util.Queue;
import java.util.SplittableRandom;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Owners work in their slots while a reclaimer empties them again and again: no page is lost, none is in two hands.
///
/// A slot holds a stack of pages: how many they are, and the pages.
@Timeout(600)
class BiasedSlotsHandshakeTest {

    private static final int PAGES = 48;
    private static final int ROUNDS = Boolean.getBoolean("leasehold.soak") ? 15_000_000 : 500_000;
    private static final int FIRST_ENTRIES = 20_000;
    private static final int DEPTH = BiasedSlot.FIRST;
    private static final int STACK = DEPTH + 1;
    private static final int MAX_DEPTH = 32;

    @ParameterizedTest(name = "fenced={0}, virtual threads={1}")
    @CsvSource({"true, false", "false, false", "true, true", "false, true"})
    void pageIsInOneHandAtATimeWhileAReclaimerEmptiesTheSlots(boolean fenced, boolean isVirtual) throws Exception {
        VirtualMemory memory = VirtualMemory.system();
        if (!fenced) {
            TestMemory.require(memory, Capability.BARRIER);
        }
        BiasedSlots slots = new BiasedSlots(4, 1, STACK + MAX_DEPTH - BiasedSlot.FIRST, fenced);
        Queue<Integer> free = new ConcurrentLinkedQueue<>();
        int[] holders = new int[PAGES]; // plain on purpose: a page changes hands through the slots
        for (int page = 0; page < PAGES; page++) {
            free.add(page);
        }
        AtomicBoolean done = new AtomicBoolean();
        Queue<Throwable> failures = new ConcurrentLinkedQueue<>();
        SplittableRandom seeds = Seeds.random("BiasedSlotsHandshakeTest");
        List<Thread> owners = new ArrayList<>();
        for (int i = 1; i <= 2; i++) {
            int me = i;
            SplittableRandom random = seeds.split();
            Thread.Builder builder = isVirtual ? Thread.ofVirtual() : Thread.ofPlatform();
            owners.add(builder.start(() -> {
                try {
                    work(slots, free, holders, me, random);
                } catch (Throwable e) {
                    failures.add(e);
                }
            }));
        }
        Thread reclaimer = Thread.ofPlatform().start(() -> {
            try {
                SplittableRandom pauses = seeds.split();
                while (!done.get()) {
                    reclaim(slots, memory, fenced, free);
                    // at a random time, independent of the owners
                    for (int spins = pauses.nextInt(1000); spins > 0; spins--) {
                        Thread.onSpinWait();
                    }
                }
            } catch (Throwable e) {
                failures.add(e);
            }
        });
        for (Thread owner : owners) {
            owner.join();
        }
        done.set(true);
        reclaimer.join();
        assertThat(failures).isEmpty();
        reclaim(slots, memory, fenced, free);
        assertThat(free).hasSize(PAGES).doesNotHaveDuplicates();
        assertThat(Arrays.stream(holders).sum()).isZero();
    }

    /// Slots are made when they are first needed: also such a one is either seen by the reclaimer or shut to its maker.
    @ParameterizedTest(name = "fenced={0}, virtual thread={1}")
    @CsvSource({"true, false", "false, false", "true, true", "false, true"})
    void slotThatIsMadeWhileAReclaimerLooksIsSeenOrShut(boolean fenced, boolean isVirtual) throws Exception {
        VirtualMemory memory = VirtualMemory.system();
        if (!fenced) {
            TestMemory.require(memory, Capability.BARRIER);
        }
        BiasedSlots[] fresh = new BiasedSlots[FIRST_ENTRIES];
        Arrays.setAll(fresh, i -> new BiasedSlots(1, 1, STACK - BiasedSlot.FIRST, fenced));
        AtomicInteger turn = new AtomicInteger(-1);
        AtomicInteger done = new AtomicInteger(-1);
        boolean[] entered = new boolean[FIRST_ENTRIES];
        Thread.Builder builder = isVirtual ? Thread.ofVirtual() : Thread.ofPlatform();
        Thread owner = builder.start(() -> {
            for (int round = 0; round < FIRST_ENTRIES; round++) {
                awaitRound(turn, round);
                int[] cells = fresh[round].enter();
                if (cells != null) {
                    cells[DEPTH] = 1;
                    BiasedSlots.exit(cells);
                    entered[round] = true;
                }
                done.set(round);
            }
        });
        int[] seen = new int[FIRST_ENTRIES];
        SplittableRandom pauses = Seeds.random("BiasedSlotsHandshakeTest");
        for (int round = 0; round < FIRST_ENTRIES; round++) {
            BiasedSlots slots = fresh[round];
            int index = round;
            awaitRound(done, round - 1);
            turn.set(round);
            for (int spins = pauses.nextInt(200); spins > 0; spins--) {
                Thread.onSpinWait();
            }
            slots.suspend(); // for ever: a thread that enters after the visit was not shut out
            if (!fenced) {
                memory.barrier();
            }
            while (slots.visit(slot -> seen[index] += slot.cells()[DEPTH]) > 0) {
                Thread.onSpinWait();
            }
        }
        owner.join();
        int shut = 0;
        for (int round = 0; round < FIRST_ENTRIES; round++) {
            assertThat(seen[round]).as("entries seen in round %d", round).isEqualTo(entered[round] ? 1 : 0);
            shut += entered[round] ? 0 : 1;
        }
        System.out.printf("new slots that were shut: %,d of %,d%n", shut, FIRST_ENTRIES);
    }

    private static void work(BiasedSlots slots, Queue<Integer> free, int[] holders, int me, SplittableRandom random) {
        Deque<Integer> mine = new ArrayDeque<>();
        for (int round = 0; round < ROUNDS; round++) {
            boolean take = mine.isEmpty() || (mine.size() < 8 && random.nextBoolean());
            int[] cells = take ? slots.tryEnterFast() : null;
            cells = cells != null ? cells : slots.enter();
            if (take) {
                int page = -1;
                if (cells != null) {
                    page = pop(cells);
                    BiasedSlots.exit(cells);
                }
                if (page < 0) {
                    Integer polled = free.poll();
                    page = polled == null ? -1 : polled;
                }
                if (page >= 0) {
                    assertThat(holders[page]).as("holder of page %d", page).isZero();
                    holders[page] = me;
                    mine.add(page);
                }
            } else {
                int page = mine.remove();
                holders[page] = 0;
                boolean kept = cells != null && push(cells, page);
                if (cells != null) {
                    BiasedSlots.exit(cells);
                }
                if (!kept) {
                    free.add(page);
                }
            }
        }
        for (int page : mine) {
            holders[page] = 0;
            free.add(page);
        }
    }

    private static void awaitRound(AtomicInteger counter, int round) {
        for (int spins = 1; counter.get() < round; spins++) {
            if (spins % 1024 == 0) {
                Thread.yield();
            } else {
                Thread.onSpinWait();
            }
        }
    }

    private static int pop(int[] cells) {
        return cells[DEPTH] == 0 ? -1 : cells[STACK + --cells[DEPTH]];
    }

    private static boolean push(int[] cells, int page) {
        if (cells[DEPTH] == MAX_DEPTH) {
            return false;
        }
        cells[STACK + cells[DEPTH]++] = page;
        return true;
    }

    private static void reclaim(BiasedSlots slots, VirtualMemory memory, boolean fenced, Queue<Integer> free) {
        slots.suspend();
        try {
            if (!fenced) {
                memory.barrier();
            }
            slots.visit(slot -> {
                for (int page = pop(slot.cells()); page >= 0; page = pop(slot.cells())) {
                    free.add(page);
                }
            });
        } finally {
            slots.resume();
        }
    }
}
