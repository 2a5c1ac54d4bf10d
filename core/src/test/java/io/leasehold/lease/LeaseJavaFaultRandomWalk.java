package io.leasehold.lease;

import static org.assertj.core.api.Assertions.assertThat;

import io.leasehold.memory.FaultedSteps;
import io.leasehold.memory.JavaFaults;
import io.leasehold.memory.MappingBudget;
import io.leasehold.memory.Reservations;
import io.leasehold.memory.Seeds;
import io.leasehold.os.VirtualMemory;
import io.leasehold.page.PageArena;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// Random steps of pools, each of which meets every failure of the Java heap or the stack.
///
/// A step that throws has changed nothing. A step that returns is complete. After it no window and no record is lost.
///
/// **Threads.** Confined to one thread.
final class LeaseJavaFaultRandomWalk implements Consumer<JavaFaults.Mode> {

    private static final int STEPS = Boolean.getBoolean("leasehold.soak") ? 6_000 : 600;
    private static final int SLOTS = 3;
    private static final int PAGES = 6;
    private static final int MAX_LEASES = 200; // more than the records of a stripe, and of a chunk of the table

    private final SplittableRandom random = Seeds.random("LeaseJavaFaultRandomWalk");
    private final Reservations reservations = new Reservations(VirtualMemory.system(), new MappingBudget(1_000));
    private final PageArena arena = LeasePoolFaultRun.open(reservations, PAGES);
    private final long[] pages = new long[PAGES];
    private final List<Long> held = new ArrayList<>();
    private @Nullable Lease object; // open, and not in `held`

    @Override
    public void accept(JavaFaults.Mode mode) {
        for (int i = 0; i < PAGES; i++) {
            pages[i] = arena.allocate();
            arena.frames().wire(pages[i]);
        }
        for (boolean traced : new boolean[] {false, true}) {
            for (boolean forced : new boolean[] {false, true}) {
                walk(mode, LeasePoolOptions.directMap().withTraced(traced), forced);
                walk(mode, LeasePoolOptions.windowed(SLOTS).withTraced(traced), forced);
            }
        }
        for (long page : pages) {
            arena.frames().unwire(page);
            arena.free(page);
        }
        arena.close();
        reservations.releaseRetained();
    }

    private void walk(JavaFaults.Mode mode, LeasePoolOptions options, boolean forced) {
        LeasePool pool = LeasePool.open(arena, options);
        FaultedSteps steps = new FaultedSteps(mode, () -> check(pool));
        for (int i = 0; i < STEPS; i++) {
            int target = i % 200 < 100 ? MAX_LEASES : 0;
            if (random.nextInt(4) == 0) {
                use(steps, pool);
            } else if (held.size() < target && random.nextInt(8) > 0) {
                acquire(steps, pool);
            } else {
                release(steps, pool);
            }
        }
        while (!held.isEmpty()) {
            release(steps, pool);
        }
        check(pool);
        for (int i = 0; i < SLOTS; i++) {
            add(pool.tryAcquireHandle(pages[i], LeaseFlag.NOWAIT));
        }
        assertThat(held).as("every window can still be acquired").hasSize(SLOTS);
        if (forced) {
            steps.run("close by force", pool::closeForcibly);
        } else {
            held.forEach(pool::free);
        }
        held.clear();
        steps.run("close", pool::close);
        pool.close();
    }

    private void acquire(FaultedSteps steps, LeasePool pool) {
        long page = pages[random.nextInt(PAGES)];
        int flags = LeaseFlag.NOWAIT | (random.nextBoolean() ? LeaseFlag.CPUPRIVATE : 0);
        boolean[] isDone = {false};
        if (random.nextInt(4) == 0) {
            long[] got = new long[3];
            long[] wanted = {page, pages[random.nextInt(PAGES)], page};
            steps.run("acquire several", () -> {
                if (!isDone[0]) {
                    int count = pool.tryAcquireHandles(wanted, wanted.length, flags, got);
                    isDone[0] = true;
                    for (int i = 0; i < count; i++) {
                        held.add(got[i]);
                    }
                }
            });
        } else {
            steps.run("acquire", () -> {
                if (!isDone[0]) {
                    add(pool.tryAcquireHandle(page, flags));
                    isDone[0] = true;
                }
            });
        }
    }

    private void release(FaultedSteps steps, LeasePool pool) {
        if (!held.isEmpty()) {
            long lease = held.get(random.nextInt(held.size()));
            steps.run("free", () -> {
                if (held.contains(lease)) {
                    pool.free(lease);
                    held.remove(lease);
                }
            });
            assertThat(pool.isOpen(lease)).isFalse();
        }
    }

    private void use(FaultedSteps steps, LeasePool pool) {
        if (held.isEmpty()) {
            return;
        }
        long lease = held.get(random.nextInt(held.size()));
        long page = pool.page(lease);
        boolean[] isDone = {false};
        switch (random.nextInt(4)) {
            case 0 ->
                steps.run("hand over", () -> {
                    if (held.contains(lease)) {
                        long next = pool.handOver(lease);
                        held.remove(lease);
                        held.add(next);
                    }
                });
            case 1 ->
                steps.run("ref", () -> {
                    if (!isDone[0]) {
                        add(pool.ref(lease));
                        isDone[0] = true;
                    }
                });
            case 2 -> {
                steps.run("adopt", () -> {
                    if (object == null) {
                        object = pool.adopt(lease);
                        held.remove(lease);
                    }
                });
                handOverObject(steps);
            }
            default -> {
                steps.run("acquire an object", () -> {
                    if (object == null) {
                        object = pool.tryAcquire(page, LeaseFlag.NOWAIT | LeaseFlag.CPUPRIVATE);
                    }
                });
                handOverObject(steps);
            }
        }
    }

    private void handOverObject(FaultedSteps steps) {
        steps.run("hand over an object", () -> {
            if (object != null) {
                long next = object.handOver();
                object = null;
                held.add(next);
            }
        });
        assertThat(object).isNull();
    }

    private void add(long lease) {
        if (lease != LeasePool.NO_LEASE) {
            held.add(lease);
        }
    }

    private void check(LeasePool pool) {
        if (pool.isClosed()) {
            return;
        }
        pool.checkInvariants();
        List<Long> open = new ArrayList<>(held.stream().map(pool::page).toList());
        if (object != null && object.hasRecord()) {
            open.add(object.page());
        }
        LeasePoolStats stats = pool.stats();
        assertThat(stats.leases()).as("%s", stats).isEqualTo(open.size());
        if (stats.slots() > 0) {
            assertThat(stats.used()).as("%s", stats).isEqualTo(new HashSet<>(open).size());
        }
    }
}
