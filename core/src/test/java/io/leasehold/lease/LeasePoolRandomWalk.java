package io.leasehold.lease;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.leasehold.error.StateKind;
import io.leasehold.lease.LeaseRandomWalkPages.Page;
import io.leasehold.memory.OffHeap;
import io.leasehold.page.PageArena;
import io.leasehold.page.PageStateException;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;

/// Random operations on a pool and on its model, compared after each.
///
/// The walk goes back and forth between few leases and many, so that the pool is often empty and often used up.
///
/// **Threads.** Confined to one thread.
final class LeasePoolRandomWalk {

    private static final int REMEMBERED = 64;
    private static final int MAX_PAGES = 120;
    private static final int ALL_FLAGS = LeaseFlag.CATCH | LeaseFlag.CPUPRIVATE | LeaseFlag.NOWAIT;

    /// A lease as its holder knows it, an object or a handle.
    private record Held(@Nullable Lease object, long handle, Page page, long address) {}

    private final PageArena arena;
    private final long pageByteSize;
    private final LeasePool pool;
    private final LeasePool stranger;
    private final int maxPages; // in a lease
    private final LeasePoolModel model;
    private final SplittableRandom random;
    private final LeaseRandomWalkPages content;
    private final List<Page> pages = new ArrayList<>();
    private final List<Held> held = new ArrayList<>();
    private final List<Held> ended = new ArrayList<>();
    private int target; // leases that the walk goes towards
    private String operation = "open";

    LeasePoolRandomWalk(PageArena arena, LeasePoolOptions options, SplittableRandom random) {
        this.arena = arena;
        this.pageByteSize = arena.options().pageByteSize();
        this.pool = LeasePool.open(arena, options);
        this.stranger = LeasePool.open(arena, LeasePoolOptions.directMap());
        this.maxPages = options.slots() == 0 ? Integer.MAX_VALUE : options.windowPages();
        this.model = new LeasePoolModel(options, pageByteSize);
        this.random = random;
        this.content = new LeaseRandomWalkPages(pageByteSize, random);
    }

    /// {@return the operation that was made last, for messages}
    String operation() {
        return operation;
    }

    void step(int number) {
        if (number % 128 == 0) {
            target = random.nextInt(
                    random.nextBoolean() ? 4 : 3 + 4 * pool.options().slots());
        }
        int choice = random.nextInt(100);
        boolean few = pages.size() < 3 + pool.options().slots() * 3 / 2;
        if (pages.isEmpty() || choice < (few ? 5 : 3)) {
            allocate();
        } else if (choice < 6) {
            dispose(any(pages));
        } else if (choice < 9) {
            rewire(any(pages));
        } else if (choice < 10) {
            grow(any(pages));
        } else if (choice < 50) {
            if (model.leases() < target ? choice < 45 : choice < 15) {
                acquire(any(pages));
            } else if (!held.isEmpty()) {
                end(any(held));
            }
        } else if (choice < 56) {
            acquireSeveral();
        } else if (choice < 66) {
            ended.stream().skip(random.nextInt(ended.size() + 1)).findFirst().ifPresent(this::misuse);
        } else if (choice < 67) {
            misuseStrange();
        } else if (!held.isEmpty()) {
            useHeld(choice, any(held));
        }
        pool.checkInvariants();
        if (random.nextInt(16) == 0) {
            operation += ", then stats";
            model.checkStats(pool.stats(), recordless());
        }
    }

    private void useHeld(int choice, Held lease) {
        if (choice < 74) {
            ref(lease);
        } else if (choice < 80) {
            handOver(lease);
        } else if (choice < 84) {
            adopt(lease);
        } else if (choice < 90) {
            write(lease);
        } else {
            operation = "look(" + lease + ")";
            check(lease);
        }
    }

    /// Closes the pool, in one way or the other, and looks for what is left.
    void finish() {
        operation = "finish";
        held.forEach(this::check);
        if (random.nextBoolean()) {
            assertThat(pool.closeForcibly()).isEqualTo(held.size() - recordless());
            ended.addAll(held);
        } else {
            int counted = held.size() - recordless();
            if (counted > 0) {
                assertThatThrownBy(pool::close)
                        .isInstanceOf(IllegalStateException.class)
                        .hasMessageContaining("leases are open: " + counted + ",");
            }
            while (!held.isEmpty()) {
                end(held.getLast());
            }
            model.checkStats(pool.stats(), recordless());
            pool.close();
        }
        pool.close();
        ended.forEach(this::misuse);
        for (Page page : pages) {
            if (page.isFit(maxPages)) {
                EndedLease.refused(StateKind.CLOSED, () -> pool.acquire(page.handle));
            }
            content.checkContent(page, page.direct, page.count);
            assertThat(arena.frames().wireCount(page.handle)).isEqualTo(page.wires);
        }
        stranger.close();
    }

    /// {@return how many of the leases that are held need no record, so that the pool does not know of them}
    private int recordless() {
        return (int) held.stream()
                .filter(lease -> lease.object != null && !lease.object.hasRecord())
                .count();
    }

    private void allocate() {
        int count = random.nextInt(3) == 0 ? 1 + random.nextInt(6) : 1;
        operation = "allocate(" + count + ")";
        long handle = pages.size() < MAX_PAGES ? arena.tryAllocateRun(count) : PageArena.NO_PAGE;
        if (handle != PageArena.NO_PAGE) {
            Page page = new Page(handle, arena.frames().address(handle), count);
            arena.frames().wire(handle);
            pages.add(page);
            content.stamp(page, page.direct, count);
        }
    }

    /// Frees a page, sometimes while it is leased. That is an error of the caller, but must not harm other leases.
    private void dispose(Page page) {
        operation = "dispose(" + page + ")";
        boolean leased = held.stream().anyMatch(lease -> lease.page == page);
        if (pages.size() > 2 && (!leased || random.nextInt(8) == 0)) {
            for (; page.wires > 0; page.wires--) {
                arena.frames().unwire(page.handle);
            }
            arena.free(page.handle);
            page.live = false;
            pages.remove(page);
            assertThatThrownBy(() -> pool.acquire(page.handle)).isInstanceOf(PageStateException.class);
        }
    }

    /// Wires a page once more or less; with no wiring it cannot be leased, and leases that there are stay.
    private void rewire(Page page) {
        operation = "rewire(" + page + ")";
        if (page.wires == 0 || (page.wires < 3 && random.nextBoolean())) {
            arena.frames().wire(page.handle);
            page.wires++;
        } else {
            arena.frames().unwire(page.handle);
            page.wires--;
        }
    }

    private void grow(Page page) {
        operation = "grow(" + page + ")";
        if ((page.count > 1 || random.nextInt(4) == 0) && arena.tryGrow(page.handle, 1)) {
            page.count++;
            content.stamp(page, page.direct, page.count);
        }
    }

    private void acquire(Page page) {
        int flags = flags(page);
        boolean interrupted = flags == LeaseFlag.CATCH || random.nextInt(64) == 0;
        int form = random.nextInt(4);
        operation = "acquire(%s, flags=%d, interrupted=%s, form=%d)".formatted(page, flags, interrupted, form);
        if (!page.isFit(maxPages)) {
            assertThatThrownBy(() -> pool.tryAcquireHandle(page.handle, flags)).isInstanceOf(page.refusal());
            return;
        }
        boolean ready = model.isReady(page.direct);
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
        @Nullable Lease object = null;
        long handle = LeasePool.NO_LEASE;
        switch (form) {
            case 0 -> object = pool.tryAcquire(page.handle, flags);
            case 1 -> object = ready ? pool.acquire(page.handle) : pool.tryAcquire(page.handle, flags);
            case 2 -> handle = ready ? pool.acquireHandle(page.handle) : pool.tryAcquireHandle(page.handle, flags);
            default -> handle = pool.tryAcquireHandle(page.handle, flags);
        }
        assertThat(Thread.interrupted()).as("the interrupt stays pending").isEqualTo(interrupted);
        assertThat(object != null || handle != LeasePool.NO_LEASE)
                .as("acquired")
                .isEqualTo(ready);
        if (ready) {
            acquired(object, handle, page);
        } else {
            model.giveUp();
        }
    }

    /// {@return flags that cannot wait for ever; CATCH alone only if the thread is interrupted}
    private int flags(Page page) {
        int flags = random.nextInt(ALL_FLAGS + 1);
        if (model.isReady(page.direct)) {
            return flags;
        }
        return random.nextInt(4) == 0 ? LeaseFlag.CATCH : flags | LeaseFlag.NOWAIT;
    }

    private void acquired(@Nullable Lease object, long handle, Page page) {
        long address = object == null ? pool.address(handle) : object.address();
        model.checkAddress(model.acquire(page.direct), page.direct, address);
        Held lease = new Held(object, handle, page, address);
        held.add(lease);
        check(lease);
    }

    private void acquireSeveral() {
        int count = random.nextInt(6);
        List<Page> wanted = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            wanted.add(any(pages));
        }
        boolean first = count == 0 || !wanted.getFirst().isFit(maxPages) || model.isReady(wanted.getFirst().direct);
        int flags = random.nextInt(ALL_FLAGS + 1) | (first ? 0 : LeaseFlag.NOWAIT);
        operation = "acquire several(" + wanted + ", flags=" + flags + ")";
        int ready = 0;
        int[] slots = new int[count];
        while (ready < count && wanted.get(ready).isFit(maxPages) && model.isReady(wanted.get(ready).direct)) {
            slots[ready] = model.acquire(wanted.get(ready).direct);
            ready++;
        }
        long[] handles = wanted.stream().mapToLong(page -> page.handle).toArray();
        long[] leases = new long[count];
        if (ready < count && !wanted.get(ready).isFit(maxPages)) {
            assertThatThrownBy(() -> pool.tryAcquireHandles(handles, count, flags, leases))
                    .isInstanceOf(wanted.get(ready).refusal());
            while (ready > 0) {
                model.release(wanted.get(--ready).direct);
            }
            return;
        }
        if (ready < count) {
            model.giveUp();
        }
        assertThat(pool.tryAcquireHandles(handles, count, flags, leases)).isEqualTo(ready);
        for (int i = 0; i < ready; i++) {
            Page page = wanted.get(i);
            long address = pool.address(leases[i]);
            model.checkAddress(slots[i], page.direct, address);
            held.add(new Held(null, leases[i], page, address));
            check(held.getLast());
        }
    }

    private void ref(Held lease) {
        operation = "ref(" + lease + ")";
        if (!lease.page.isFit(maxPages)) {
            Lease object = lease.object;
            assertThatThrownBy(object == null ? () -> pool.ref(lease.handle) : object::ref)
                    .isInstanceOf(lease.page.refusal());
        } else if (lease.object != null) {
            acquired(lease.object.ref(), LeasePool.NO_LEASE, lease.page);
        } else {
            acquired(null, pool.ref(lease.handle), lease.page);
        }
    }

    private void handOver(Held lease) {
        operation = "handOver(" + lease + ")";
        long next = lease.object == null ? pool.handOver(lease.handle) : lease.object.handOver();
        replace(lease, new Held(null, next, lease.page, lease.address));
    }

    private void adopt(Held lease) {
        operation = "adopt(" + lease + ")";
        if (lease.object == null) {
            replace(lease, new Held(pool.adopt(lease.handle), LeasePool.NO_LEASE, lease.page, lease.address));
        }
    }

    private void replace(Held lease, Held next) {
        held.remove(lease);
        held.add(next);
        remember(lease);
        misuse(lease);
        check(next);
    }

    private void end(Held lease) {
        operation = "end(" + lease + ")";
        check(lease);
        if (lease.object == null) {
            pool.free(lease.handle);
        } else {
            lease.object.close();
        }
        model.release(lease.page.direct);
        held.remove(lease);
        remember(lease);
    }

    private void remember(Held lease) {
        ended.add(lease);
        if (ended.size() > REMEMBERED) {
            ended.remove(random.nextInt(REMEMBERED));
        }
    }

    private void misuse(Held lease) {
        operation = "misuse(" + lease + ")";
        EndedLease.misuse(pool, lease.object, lease.handle);
    }

    private void misuseStrange() {
        operation = "misuse a lease of another pool";
        Page page = any(pages);
        long foreign = page.wires > 0 ? stranger.acquireHandle(page.handle) : LeasePool.NO_LEASE;
        EndedLease.misuseForeign(pool, foreign);
        if (foreign != LeasePool.NO_LEASE) {
            stranger.free(foreign);
        }
        assertThatThrownBy(() -> pool.tryAcquireHandle(page.handle, 8)).isInstanceOf(IllegalArgumentException.class);
    }

    /// Gives a page new content through a lease.
    private void write(Held lease) {
        operation = "write(" + lease + ")";
        Page page = lease.page;
        if (page.live) {
            // a new stamp everywhere, and then through the lease another one
            content.stamp(page, page.direct, page.count);
            page.stamp = random.nextLong();
            for (int i = 0; i < page.count; i++) {
                if (lease.object != null && i < maxPages) {
                    lease.object.putLong(i * pageByteSize, page.stamp + i);
                } else {
                    OffHeap.putLong((i < maxPages ? lease.address : page.direct) + i * pageByteSize, page.stamp + i);
                }
            }
            content.checkContent(page, page.direct, page.count);
        }
    }

    private void check(Held lease) {
        Lease object = lease.object;
        Page page = lease.page;
        assertThat(object == null ? pool.isOpen(lease.handle) : object.isOpen()).isTrue();
        assertThat(object == null ? pool.address(lease.handle) : object.address())
                .isEqualTo(lease.address);
        assertThat(object == null ? pool.page(lease.handle) : object.page()).isEqualTo(page.handle);
        if (!page.live) {
            assertThatThrownBy(object == null ? () -> pool.byteSize(lease.handle) : object::byteSize)
                    .isInstanceOf(PageStateException.class);
            return;
        }
        int count = Math.min(page.count, maxPages);
        long byteSize = object == null ? pool.byteSize(lease.handle) : object.byteSize();
        assertThat(byteSize).isEqualTo(count * pageByteSize);
        content.checkContent(page, lease.address, count);
        if (object != null) {
            assertThat(object.getLong(0)).isEqualTo(page.stamp);
            assertThatThrownBy(() -> object.getLong(byteSize - 7)).isInstanceOf(IndexOutOfBoundsException.class);
        }
    }

    private <T> T any(List<T> list) {
        return list.get(random.nextInt(list.size()));
    }
}
