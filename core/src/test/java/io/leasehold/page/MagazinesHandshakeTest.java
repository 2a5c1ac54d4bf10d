package io.leasehold.page;

import static org.assertj.core.api.Assertions.assertThat;

import io.leasehold.memory.Seeds;
import io.leasehold.memory.TestMemory;
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
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Owners work in their slots while a reclaimer empties them again and again: no page is lost, none is in two hands.
@Timeout(120)
class MagazinesHandshakeTest {

    private static final int PAGES = 48;
    private static final int ROUNDS = 1_500_000;

    @ParameterizedTest(name = "fenced={0}, virtual threads={1}")
    @CsvSource({"true, false", "false, false", "true, true", "false, true"})
    void pageIsInOneHandAtATimeWhileAReclaimerEmptiesTheSlots(boolean fenced, boolean isVirtual) throws Exception {
        VirtualMemory memory = VirtualMemory.system();
        if (!fenced) {
            TestMemory.require(memory, Capability.BARRIER);
        }
        Magazines magazines = new Magazines(4, 1, fenced, 1 << 20, 4096);
        Queue<Integer> home = new ConcurrentLinkedQueue<>();
        int[] holders = new int[PAGES]; // plain on purpose: a page changes hands through the slots
        for (int page = 0; page < PAGES; page++) {
            home.add(page);
        }
        AtomicBoolean done = new AtomicBoolean();
        Queue<Throwable> failures = new ConcurrentLinkedQueue<>();
        SplittableRandom seeds = Seeds.random("MagazinesHandshakeTest");
        List<Thread> owners = new ArrayList<>();
        for (int i = 1; i <= 2; i++) {
            int me = i;
            SplittableRandom random = seeds.split();
            Thread.Builder builder = isVirtual ? Thread.ofVirtual() : Thread.ofPlatform();
            owners.add(builder.start(() -> {
                try {
                    work(magazines, home, holders, me, random);
                } catch (Throwable e) {
                    failures.add(e);
                }
            }));
        }
        Thread reclaimer = Thread.ofPlatform().start(() -> {
            try {
                SplittableRandom pauses = seeds.split();
                while (!done.get()) {
                    reclaim(magazines, memory, fenced, home);
                    // at a time that no owner can be in step with
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
        reclaim(magazines, memory, fenced, home);
        assertThat(home).hasSize(PAGES).doesNotHaveDuplicates();
        assertThat(Arrays.stream(holders).sum()).isZero();
    }

    private static void work(Magazines magazines, Queue<Integer> home, int[] holders, int me, SplittableRandom random) {
        Deque<Integer> mine = new ArrayDeque<>();
        for (int round = 0; round < ROUNDS; round++) {
            boolean take = mine.isEmpty() || (mine.size() < 8 && random.nextBoolean());
            MagazineSlot slot = magazines.enter();
            if (take) {
                int page = -1;
                if (slot != null) {
                    page = slot.pop(0);
                    slot.exit();
                }
                if (page < 0) {
                    Integer polled = home.poll();
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
                boolean kept = slot != null && slot.push(0, page);
                if (slot != null) {
                    slot.exit();
                }
                if (!kept) {
                    home.add(page);
                }
            }
        }
        for (int page : mine) {
            holders[page] = 0;
            home.add(page);
        }
    }

    private static void reclaim(Magazines magazines, VirtualMemory memory, boolean fenced, Queue<Integer> home) {
        magazines.suspend();
        try {
            if (!fenced) {
                memory.barrier();
            }
            magazines.drain((page, pageCount) -> home.add(page));
        } finally {
            magazines.resume();
        }
    }
}
