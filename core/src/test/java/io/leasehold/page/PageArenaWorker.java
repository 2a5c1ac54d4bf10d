package io.leasehold.page;

import io.leasehold.error.StateKind;
import io.leasehold.memory.OffHeap;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.SplittableRandom;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicLongArray;

/// One of several threads that share an arena. It allocates, writes its id into its pages, hands some of them over, and
/// frees them. Now and then it makes a call that must fail.
///
/// **Threads.** [#step] is called by one thread. Other threads may read the worker while it is at rest, and may add
/// pages to its [#mail] at any time.
final class PageArenaWorker {

    /// The owner id of a page that every worker may free.
    private static final int SHARED = 0;

    private final PageArena arena;
    private final int id;
    private final SplittableRandom random;
    private final AtomicLongArray contested; // pages that several threads free or wire at once
    private final List<Long> pages = new ArrayList<>();
    final Queue<Long> mail = new ConcurrentLinkedQueue<>();
    private int quota; // number of pages to hold
    private int held; // pages in all of its runs
    private long freed; // a handle that this worker freed
    private long frees;
    private long waits;

    PageArenaWorker(PageArena arena, int id, long seed, AtomicLongArray contested) {
        this.arena = arena;
        this.id = id;
        this.random = new SplittableRandom(seed);
        this.contested = contested;
    }

    void step(List<PageArenaWorker> all) throws InterruptedException {
        int choice = random.nextInt(1_000);
        if (choice < 450) {
            if (held < quota && (held < quota / 2 || random.nextInt(3) > 0)) {
                allocate();
            } else if (!pages.isEmpty()) {
                free(takeAny());
            }
        } else if (choice < 600) {
            receive();
        } else if (choice < 700 && !pages.isEmpty()) {
            send(takeAny(), all.get(random.nextInt(all.size())));
        } else if (choice < 850) {
            contest(random.nextInt(contested.length()));
        } else if (choice < 900 && !pages.isEmpty()) {
            growOrSplit(random.nextInt(pages.size()));
        } else if (choice < 950) {
            freeAgain();
        } else if (choice < 954) {
            allocateWaiting();
        } else if (!pages.isEmpty()) {
            pin(pages.get(random.nextInt(pages.size())));
        }
    }

    /// Sets the number of pages to hold. Called while the worker is at rest.
    void want(int pageCount) {
        quota = pageCount;
    }

    /// Frees all pages of the worker.
    void leave() {
        while (!pages.isEmpty()) {
            free(takeAny());
        }
        for (Long page = mail.poll(); page != null; page = mail.poll()) {
            free(page);
        }
    }

    /// {@return number of pages that the worker holds or has in its mail} Checks the content of each. Called only while
    /// all workers are at rest.
    int checkAll() {
        int count = 0;
        for (long page : pages) {
            count += check(page, id);
        }
        if (count != held) {
            throw new AssertionError("pages of worker " + id + ": " + count + ", counted by itself: " + held);
        }
        for (long page : mail) {
            count += check(page, id);
        }
        return count;
    }

    /// {@return number of contested pages} Checks the content of each.
    static int checkContested(PageArena arena, AtomicLongArray contested) {
        int count = 0;
        for (int i = 0; i < contested.length(); i++) {
            if (contested.get(i) != PageArena.NO_PAGE) {
                count += check(arena, contested.get(i), SHARED);
            }
        }
        return count;
    }

    long waits() {
        return waits;
    }

    long frees() {
        return frees;
    }

    private void allocate() {
        int count = switch (random.nextInt(8)) {
            case 0 -> 1 << random.nextInt(5);
            case 1 -> 1 + random.nextInt(24);
            default -> 1;
        };
        keep(count == 1 ? arena.tryAllocate() : arena.tryAllocateRun(count), count);
    }

    private void allocateWaiting() throws InterruptedException {
        waits++;
        int count = 1 + random.nextInt(4);
        keep(arena.tryAllocateRun(count, Duration.ofNanos(random.nextInt(400_000))), count);
    }

    private void keep(long page, int count) {
        if (page == PageArena.NO_PAGE) {
            return;
        }
        if (arena.options().zeroOnFree()) {
            for (int i = 0; i < count; i++) {
                checkZero(arena.frames().address(page) + i * arena.options().pageByteSize());
            }
        }
        write(page, id, 0);
        if (arena.frames().pageCount(page) != count) {
            throw new AssertionError("wrong length: requested=" + count + ", "
                    + arena.frames().errors().describe(page));
        }
        pages.add(page);
        held += count;
    }

    private void free(long page) {
        check(page, id);
        arena.free(page);
        freed = page;
        frees++;
    }

    private void send(long page, PageArenaWorker to) {
        check(page, id);
        write(page, to.id, 0);
        to.mail.add(page);
    }

    private void receive() {
        Long page = mail.poll();
        if (page == null) {
            return;
        }
        int count = check(page, id);
        if (held > quota || random.nextBoolean()) {
            free(page);
        } else {
            pages.add(page);
            held += count;
        }
    }

    /// Makes a page contested, or frees or wires a contested page while other workers do the same.
    private void contest(int place) {
        long page = contested.get(place);
        if (page == PageArena.NO_PAGE) {
            if (!pages.isEmpty()) {
                long offered = takeAny();
                write(offered, SHARED, 0);
                if (!contested.compareAndSet(place, PageArena.NO_PAGE, offered)) {
                    write(offered, id, 0);
                    free(offered);
                }
            }
        } else if (random.nextBoolean()) {
            wireContested(page);
        } else {
            freeContested(place, page);
        }
    }

    private void freeContested(int place, long page) {
        long address = arena.frames().addressOf(FrameLayout.index(page));
        boolean intact = OffHeap.getLong(address) == word(page, SHARED, 0);
        try {
            arena.free(page);
        } catch (PageStateException e) {
            // the kind is HELD if the wiring that caused the failure ended before the arena loaded the word again
            boolean pinned = e.kind() == StateKind.WIRED || e.kind() == StateKind.HELD;
            if (!pinned && e.kind() != StateKind.FREED && e.kind() != StateKind.STALE) {
                throw new AssertionError("lost a race for a page", e);
            }
            return;
        }
        // only this worker could free the page, so the page was live when its content was loaded
        if (!intact || !contested.compareAndSet(place, page, PageArena.NO_PAGE)) {
            throw new AssertionError("freed a page of another owner: intact=" + intact + ", "
                    + arena.frames().errors().describe(page));
        }
        frees++;
    }

    private void wireContested(long page) {
        try {
            arena.frames().wire(page);
        } catch (PageStateException e) {
            if (e.kind() != StateKind.FREED && e.kind() != StateKind.STALE) {
                throw new AssertionError("could not wire a page", e);
            }
            return;
        }
        try {
            arena.free(page);
            throw new AssertionError("freed a wired page: " + Long.toHexString(page));
        } catch (PageStateException e) {
            if (e.kind() != StateKind.WIRED) {
                throw new AssertionError("a wired page was freed", e);
            }
        }
        check(arena, page, SHARED);
        arena.frames().unwire(page);
    }

    private void growOrSplit(int place) {
        long page = pages.get(place);
        int count = check(page, id);
        if (count == 1 || random.nextInt(3) == 0) {
            int by = 1 + random.nextInt(3);
            if (arena.tryGrow(page, by)) {
                write(page, id, count);
                held += by;
            }
        } else {
            long rest = arena.split(page, 1 + random.nextInt(count - 1));
            write(rest, id, 0);
            pages.add(rest);
        }
    }

    private void pin(long page) {
        arena.frames().hold(page);
        arena.frames().wire(page);
        try {
            arena.free(page);
            throw new AssertionError("freed a wired page: " + Long.toHexString(page));
        } catch (PageStateException e) {
            arena.frames().unwire(page);
            arena.frames().unhold(page);
        }
        check(page, id);
    }

    private void freeAgain() {
        if (freed == PageArena.NO_PAGE) {
            return;
        }
        try {
            arena.free(freed);
        } catch (PageStateException e) {
            if (e.kind() == StateKind.FREED || e.kind() == StateKind.STALE) {
                return;
            }
            throw new AssertionError("freed twice", e);
        }
        throw new AssertionError("freed twice: " + arena.frames().errors().describe(freed));
    }

    private long takeAny() {
        int place = random.nextInt(pages.size());
        long page = pages.get(place);
        long last = pages.removeLast();
        if (place < pages.size()) {
            pages.set(place, last);
        }
        held -= arena.frames().pageCount(page);
        return page;
    }

    /// Writes the id of the holder into the pages of a run, from page `from` of the run on.
    private void write(long page, int holder, int from) {
        long pageBytes = arena.options().pageByteSize();
        long address = arena.frames().address(page);
        for (int i = from; i < arena.frames().pageCount(page); i++) {
            OffHeap.putLong(address + i * pageBytes, word(page, holder, i));
            OffHeap.putLong(address + (i + 1) * pageBytes - Long.BYTES, word(page, holder, i));
        }
    }

    private int check(long page, int holder) {
        return check(arena, page, holder);
    }

    private static int check(PageArena arena, long page, int holder) {
        long pageBytes = arena.options().pageByteSize();
        long address = arena.frames().address(page);
        int count = arena.frames().pageCount(page);
        for (int i = 0; i < count; i++) {
            long first = OffHeap.getLong(address + i * pageBytes);
            long last = OffHeap.getLong(address + (i + 1) * pageBytes - Long.BYTES);
            if (first != word(page, holder, i) || last != first) {
                throw new AssertionError("page %d of %d was overwritten: holder=%d, first=%x, last=%x, expected=%x, %s"
                        .formatted(
                                i,
                                count,
                                holder,
                                first,
                                last,
                                word(page, holder, i),
                                arena.frames().errors().describe(page)));
            }
        }
        return count;
    }

    private void checkZero(long address) {
        long last = address + arena.options().pageByteSize() - Long.BYTES;
        if ((OffHeap.getLong(address) | OffHeap.getLong(last)) != 0) {
            throw new AssertionError("page carries what another worker wrote: 0x" + Long.toHexString(address));
        }
    }

    private static long word(long page, int holder, int i) {
        return page * 0x9E3779B97F4A7C15L ^ (holder + 1) * 0xD1B54A32D192ED03L ^ i;
    }
}
