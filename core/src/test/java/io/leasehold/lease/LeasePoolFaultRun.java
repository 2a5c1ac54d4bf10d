package io.leasehold.lease;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.leasehold.budget.MemoryBudget;
import io.leasehold.error.Errno;
import io.leasehold.error.SystemCallException;
import io.leasehold.memory.MappingBudget;
import io.leasehold.memory.OffHeap;
import io.leasehold.memory.Reservations;
import io.leasehold.os.FaultyVirtualMemory;
import io.leasehold.os.FaultyVirtualMemory.Call;
import io.leasehold.os.VirtualMemory;
import io.leasehold.page.PageArena;
import io.leasehold.page.PageArenaOptions;
import io.leasehold.page.PageArenas;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// Runs two pools, one after the other in the same address space, over memory with armed faults. Checks that a failed
/// call leaves nothing behind.
///
/// Always the same calls in the same order, as long as nothing fails. A step may throw what the kernel said and nothing
/// else; after each step that met a fault the pool must be whole, and every open lease must still be on its page.
///
/// **Threads.** Confined to one thread.
final class LeasePoolFaultRun {

    private static final int PAGES = 12;
    private static final int SLOTS = 3;

    /// Something that a step does.
    private interface Step {
        void run();
    }

    /// Called before each step. It may arm or disarm a fault.
    interface Saboteur {
        void beforeStep(FaultyVirtualMemory memory);
    }

    /// A lease, and the page that must be seen through it.
    private record Held(long lease, long page) {}

    private final Set<Integer> errnos; // what the faults may say
    private final Saboteur saboteur;
    private final boolean forced; // how the pools are closed
    final FaultyVirtualMemory memory = new FaultyVirtualMemory(VirtualMemory.system());
    private final MappingBudget mappings = new MappingBudget(1_000);
    private final Reservations reservations = new Reservations(memory, mappings);
    private final PageArena arena;
    private final long[] pages = new long[PAGES];
    private final List<Held> held = new ArrayList<>();
    private @Nullable LeasePool pool;
    private int abandoned; // regions that were closed by force

    LeasePoolFaultRun(Set<Integer> errnos, boolean forced, Saboteur saboteur) {
        this.errnos = errnos;
        this.forced = forced;
        this.saboteur = saboteur;
        this.arena = open(reservations, PAGES);
        for (int i = 0; i < PAGES; i++) {
            pages[i] = arena.allocate();
            arena.frames().wire(pages[i]);
            OffHeap.putLong(arena.frames().address(pages[i]), pages[i]);
        }
    }

    /// {@return an arena with a memory file over the seam of `reservations`}
    static PageArena open(Reservations reservations, int pages) {
        long pageBytes = Math.max(4096, reservations.memory().pageSize());
        return PageArenas.open(
                PageArenaOptions.builder()
                        .name("faulty")
                        .pageByteSize(pageBytes)
                        .byteSize(pages * pageBytes)
                        .memoryFile(true)
                        .decay(PageArenaOptions.NO_DECAY)
                        .budget(MemoryBudget.of("faulty", 1 << 24))
                        .build(),
                reservations);
    }

    /// Runs both pools, and proves that nothing is left.
    void run() {
        live();
        live();
        memory.disarm();
        for (long page : pages) {
            assertThat(OffHeap.getLong(arena.frames().address(page))).isEqualTo(page);
            assertThat(arena.frames().wireCount(page))
                    .as("wirings, which are the caller's")
                    .isEqualTo(1);
            arena.frames().unwire(page);
            arena.free(page);
        }
        arena.close();
        assertThat(mappings.used())
                .as("mappings charged, retained=%d, abandoned=%d", reservations.retainedCount(), abandoned)
                .isEqualTo(2L * (reservations.retainedCount() + abandoned));
        reservations.releaseRetained();
    }

    private void live() {
        LeasePoolOptions options = LeasePoolOptions.windowed(SLOTS).withName("faulty leases");
        long charged = mappings.used();
        int retained = reservations.retainedCount();
        attempt("open", () -> pool = LeasePool.open(arena, options));
        if (pool == null) {
            // a region that was reserved, and could not be committed, is retained and stays charged as such
            assertThat(mappings.used() - charged)
                    .as("mappings left by a pool that did not open")
                    .isEqualTo(2L * (reservations.retainedCount() - retained));
            memory.disarm();
            pool = LeasePool.open(arena, options);
        }
        use(pool);
        close(pool);
        pool = null;
    }

    private void use(LeasePool pool) {
        for (int page = 0; page < SLOTS; page++) {
            acquire(pool, page);
        }
        hitEach(pool);
        for (int page = SLOTS; page < 2 * SLOTS; page++) {
            attempt("acquire with no window", () -> {}); // where a fault may be armed or taken back
            if (held.size() == SLOTS) {
                assertThat(pool.tryAcquireHandle(pages[page], LeaseFlag.NOWAIT)).isEqualTo(LeasePool.NO_LEASE);
            }
            release(pool);
            acquire(pool, page);
            hitEach(pool);
        }
        batch(pool);
        if (memory.injected() > 0) {
            memory.disarm();
        }
        proveWhole(pool);
    }

    /// Acquires a page and, if that is refused, expects that nothing changed.
    private void acquire(LeasePool pool, int index) {
        int leases = pool.stats().leases();
        int used = pool.stats().used();
        long page = pages[index];
        boolean done = attempt("acquire " + index, () -> held.add(new Held(pool.acquireHandle(page), page)));
        assertThat(pool.stats().leases()).isEqualTo(leases + (done ? 1 : 0));
        if (!done) {
            assertThat(pool.stats().used()).isEqualTo(used);
        }
    }

    private void release(LeasePool pool) {
        if (!held.isEmpty()) {
            Held oldest = held.removeFirst();
            assertThat(attempt("release", () -> pool.free(oldest.lease)))
                    .as("a release asks the kernel for nothing")
                    .isTrue();
        }
    }

    /// Acquires several pages at once: all that there are windows for, or none if a mapping is refused.
    private void batch(LeasePool pool) {
        while (!held.isEmpty()) {
            release(pool);
        }
        long[] batch = {pages[PAGES - 1], pages[PAGES - 2], pages[PAGES - 1], pages[PAGES - 3], pages[0]};
        long[] leases = new long[batch.length];
        boolean done = attempt("acquire several", () -> {
            int count = pool.tryAcquireHandles(batch, batch.length, LeaseFlag.DEFAULT, leases);
            assertThat(count).isEqualTo(4);
            for (int i = 0; i < count; i++) {
                held.add(new Held(leases[i], batch[i]));
            }
        });
        assertThat(pool.stats().leases()).isEqualTo(done ? 4 : 0);
        assertThat(pool.stats().used()).isEqualTo(done ? SLOTS : 0);
    }

    /// A hit asks the kernel for nothing, whatever is broken.
    private void hitEach(LeasePool pool) {
        long calls = calls();
        for (Held lease : held) {
            long again = pool.acquireHandle(lease.page);
            assertThat(pool.address(again)).isEqualTo(pool.address(lease.lease));
            pool.free(again);
        }
        assertThat(calls()).as("system calls of hits").isEqualTo(calls);
    }

    /// With no refused mapping to come, every page can be leased and all windows can be used together.
    private void proveWhole(LeasePool pool) {
        if (memory.isArmed(Call.MAP)) {
            return;
        }
        held.forEach(lease -> pool.free(lease.lease));
        held.clear();
        for (int i = 0; i < PAGES; i++) {
            held.add(new Held(pool.tryAcquireHandle(pages[i], LeaseFlag.NOWAIT), pages[i]));
            checkHeld(pool);
            if (held.size() == SLOTS) {
                assertThat(pool.tryAcquireHandle(pages[(i + 1) % PAGES], LeaseFlag.NOWAIT))
                        .isEqualTo(LeasePool.NO_LEASE);
                pool.free(held.removeFirst().lease);
            }
        }
        pool.checkInvariants();
    }

    private void close(LeasePool pool) {
        if (forced) {
            if (!attempt("close by force", pool::closeForcibly)) {
                memory.disarm();
                pool.closeForcibly();
            }
            abandoned++;
            held.clear();
        } else {
            if (!held.isEmpty()) {
                assertThatThrownBy(pool::close).isInstanceOf(IllegalStateException.class);
            }
            while (!held.isEmpty()) {
                release(pool);
            }
            if (!attempt("close", pool::close)) {
                // it stays open, and all there is in it
                memory.disarm();
                held.add(new Held(pool.acquireHandle(pages[1]), pages[1]));
                proveWhole(pool);
                held.forEach(lease -> pool.free(lease.lease));
                held.clear();
                pool.close();
            }
        }
        assertThatThrownBy(() -> pool.acquire(pages[0])).isInstanceOf(LeaseStateException.class);
    }

    /// {@return whether the step did what it should}
    private boolean attempt(String what, Step step) {
        saboteur.beforeStep(memory);
        long before = memory.injected();
        boolean done = false;
        try {
            step.run();
            done = true;
        } catch (SystemCallException e) {
            assertThat(memory.injected()).as("%s threw %s", what, e).isGreaterThan(before);
            assertThat(errnos).as("injected, and seen as %s", e).contains(e.errno());
            assertThat(e.getMessage()).endsWith(" failed: " + Errno.describe(e.errno()));
        }
        if (pool != null && !what.startsWith("close")) {
            pool.checkInvariants();
            checkHeld(pool);
        }
        return done;
    }

    private void checkHeld(LeasePool pool) {
        for (Held lease : held) {
            assertThat(pool.page(lease.lease)).isEqualTo(lease.page);
            assertThat(OffHeap.getLong(pool.address(lease.lease)))
                    .as("what is seen through a lease")
                    .isEqualTo(lease.page);
        }
    }

    private long calls() {
        long calls = 0;
        for (Call call : Call.values()) {
            calls += memory.count(call);
        }
        return calls;
    }
}
