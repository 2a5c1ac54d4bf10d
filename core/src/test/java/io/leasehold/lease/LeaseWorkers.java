package io.leasehold.lease;

import static org.assertj.core.api.Assertions.assertThat;

import io.leasehold.memory.OffHeap;
import io.leasehold.memory.Words;
import io.leasehold.page.PageArena;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReferenceArray;
import org.jspecify.annotations.Nullable;

/// State shared by the worker threads of a pool: the holders of each page, the values written, leases that another
/// thread will close, and published handles, which may be stale.
///
/// A thread is registered as holder after it acquired, and unregistered before it closes. So each registered holder has
/// a lease. If two pages are registered at one address, or one page at two addresses, the pool has mapped a page twice
/// or reused a leased window.
///
/// **Threads.** Thread-safe.
final class LeaseWorkers {

    private static final int COUNTER = 8; // byte offset in a page, behind its stamp
    private static final int MAX_PUBLISHED = 64;

    /// A page. Its first word is its handle, its second word is a counter.
    static final class Page {
        final long handle;
        private final long direct;
        private final AtomicLong writes = new AtomicLong();
        private int holders; // (L) this
        private long address; // (L) this

        private Page(long handle, long direct) {
            this.handle = handle;
            this.direct = direct;
        }
    }

    /// A lease, with its page and address.
    record Held(long lease, Page page, long address, boolean confined) {}

    /// A lease that one or two threads will try to close.
    static final class Duel {
        private final Held held;
        private final int rivals;
        private final AtomicInteger hits = new AtomicInteger();

        Duel(Held held, int rivals) {
            this.held = held;
            this.rivals = rivals;
        }
    }

    /// A handle that a worker published while it had the lease.
    record Published(long lease, long page, boolean confined, long owner) {}

    final LeasePool pool;
    private final List<Page> pages = new ArrayList<>();
    private final Map<Long, Page> residents = new ConcurrentHashMap<>(); // by the address of their leases
    private final BlockingQueue<Duel> sent = new ArrayBlockingQueue<>(256);
    private final AtomicReferenceArray<@Nullable Published> publishedHandles =
            new AtomicReferenceArray<>(MAX_PUBLISHED);
    final List<LeaseWorker> workers = new ArrayList<>();
    private final AtomicInteger unclosed = new AtomicInteger(); // duels that have not ended

    LeaseWorkers(PageArena arena, LeasePool pool, int pageCount) {
        this.pool = pool;
        for (int i = 0; i < pageCount; i++) {
            long handle = arena.allocateRun(pool.options().windowPages() == 1 ? 1 : 1 + i % 3);
            arena.frames().wire(handle);
            Page page = new Page(handle, arena.frames().address(handle));
            OffHeap.putLong(page.direct, handle);
            OffHeap.putLong(page.direct + COUNTER, 0);
            pages.add(page);
        }
    }

    /// {@return a page, some more often than others}
    Page page(SplittableRandom random) {
        int bound = random.nextBoolean() ? pages.size() : 1 + random.nextInt(pages.size());
        return pages.get(random.nextInt(bound));
    }

    LeaseWorker any(SplittableRandom random) {
        return workers.get(random.nextInt(workers.size()));
    }

    /// Leases every window while no other thread runs, and checks that one more page is rejected.
    void useUp() {
        long[] leases = new long[pool.options().slots()];
        for (int i = 0; i < leases.length; i++) {
            leases[i] = pool.tryAcquireHandle(pages.get(i).handle, LeaseFlag.NOWAIT);
            assertThat(leases[i]).as("lease on window %d", i).isNotEqualTo(LeasePool.NO_LEASE);
        }
        assertThat(pool.tryAcquireHandle(pages.get(leases.length).handle, LeaseFlag.NOWAIT))
                .as("lease beyond the windows")
                .isEqualTo(LeasePool.NO_LEASE);
        for (long lease : leases) {
            pool.free(lease);
        }
    }

    void arrive(Page page, long address) {
        synchronized (page) {
            if (page.holders++ == 0) {
                page.address = address;
                Page other = residents.putIfAbsent(address, page);
                assertThat(other == null ? 0 : other.handle)
                        .as("another page at one address")
                        .isZero();
            } else {
                assertThat(address).as("address of a page that others hold").isEqualTo(page.address);
            }
        }
    }

    void depart(Page page, long address) {
        synchronized (page) {
            assertThat(address).as("address of a page until the end").isEqualTo(page.address);
            if (--page.holders == 0) {
                residents.remove(address);
            }
        }
    }

    void checkStamp(Held lease) {
        assertThat(OffHeap.getLong(lease.address()))
                .as("stamp at 0x%x", lease.address())
                .isEqualTo(lease.page().handle);
    }

    void write(Held lease) {
        long counter = lease.address() + COUNTER;
        long before;
        do {
            before = Words.getLongAcquire(counter);
        } while (!Words.compareAndSetLong(counter, before, before + 1));
        lease.page().writes.incrementAndGet();
    }

    void publish(SplittableRandom random, Published published) {
        publishedHandles.set(random.nextInt(MAX_PUBLISHED), published);
    }

    Optional<Published> published(SplittableRandom random) {
        return Optional.ofNullable(publishedHandles.get(random.nextInt(MAX_PUBLISHED)));
    }

    boolean hasRoom() {
        return sent.remainingCapacity() > 2 * workers.size();
    }

    void send(Duel duel) {
        unclosed.incrementAndGet();
        depart(duel.held.page, duel.held.address); // now, because any of the rivals may close it
        for (int i = 0; i < duel.rivals; i++) {
            sent.add(duel); // never full: one place per thread was left free
        }
    }

    void closeOneSent() {
        Duel duel = sent.poll();
        if (duel != null) {
            close(duel);
        }
    }

    /// Closes leases that workers sent, until the thread is interrupted. It never waits for a window, so that waiting
    /// threads are served.
    void closeAllSent() {
        try {
            while (true) {
                Duel duel = sent.poll(1, TimeUnit.SECONDS);
                if (duel != null) {
                    close(duel);
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt(); // the end
        }
    }

    private void close(Duel duel) {
        Held held = duel.held;
        if (duel.rivals == 1) {
            checkStamp(held);
        }
        boolean hit;
        try {
            pool.free(held.lease());
            hit = true;
        } catch (LeaseStateException e) {
            hit = false;
        }
        int hits = hit ? duel.hits.incrementAndGet() : duel.hits.get();
        assertThat(hits).as("closes of one lease that succeeded").isLessThanOrEqualTo(1);
        if (duel.rivals == 1) {
            assertThat(hits).as("the only close").isEqualTo(1);
        }
        if (hit) {
            unclosed.decrementAndGet();
        }
    }

    boolean areAllSentClosed() {
        return unclosed.get() == 0 && sent.isEmpty();
    }

    /// Compares the content of the arena with the writes through leases. No thread writes meanwhile.
    void checkContent() {
        for (Page page : pages) {
            assertThat(OffHeap.getLong(page.direct)).isEqualTo(page.handle);
            assertThat(OffHeap.getLong(page.direct + COUNTER))
                    .as("writes through leases on 0x%x", page.handle)
                    .isEqualTo(page.writes.get());
        }
    }

    void unwireAll(PageArena arena) {
        for (Page page : pages) {
            assertThat(page.holders).isZero();
            assertThat(arena.frames().wireCount(page.handle)).isEqualTo(1);
            arena.frames().unwire(page.handle);
            arena.free(page.handle);
        }
    }
}
