package io.leasehold.jumbo;

import static io.leasehold.text.Texts.format;

import io.leasehold.memory.BiasedSlot;
import io.leasehold.memory.BiasedSlots;
import io.leasehold.memory.StackReserve;
import io.leasehold.os.VirtualMemory;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import java.util.function.IntSupplier;

/// Moves all free pages from the shards into the slab pool.
///
/// ```text
///   suspend the slots ---> barrier ---> wait for each slot ---> empty each slot, one lock for each batch ---> resume
///   while no slot is open: nothing
/// ```
///
/// **Cost.** In proportion to the pages that were freed into shards since the last drain, and to the number of slots.
/// The barrier of a drain stops every running thread for a moment. Threads that want a drain at the same time share the
/// first one.
///
/// **Threads.** Thread-safe. Lock order: `lock`, then the slots, then the lock of the slab pool, which is taken for
/// each batch of pages. The draining thread may wait for the threads in their slots.
final class ShardDrain {

    private static final int BATCH = 64;

    /// Maximum number of drains in [#close] while a slot stays busy, or the barrier fails. Each drain waits for a
    /// thread that lost its processor in its slot, as [BiasedSlots#visit] does.
    private static final int MAX_DRAINS = 8;

    private final Shards shards; // (C)
    private final JumboSlabPool<?> slabPool; // (C)
    private final VirtualMemory memory; // (C)
    private final ReentrantLock lock = new ReentrantLock();
    private final int[] pages = new int[BATCH]; // (L)

    @SuppressWarnings("UnnecessaryLambda") // created early: a drain allocates nothing on the Java heap
    private final Consumer<BiasedSlot> look = slot -> {}; // (C)

    private final Consumer<BiasedSlot> empty = this::drain; // (C)
    private int shutSlots; // (L) of the drain that runs
    private long drains; // (L)
    private volatile boolean closed; // (L), read without it

    ShardDrain(Shards shards, JumboSlabPool<?> slabPool, VirtualMemory memory) {
        this.shards = shards;
        this.slabPool = slabPool;
        this.memory = memory;
    }

    boolean isClosed() {
        return closed;
    }

    /// Moves all pages that were freed into a shard before this call into the slab pool. Pages in a slot that stays
    /// busy for too long stay there, and [Shards#areOpen] returns true then.
    ///
    /// @return true if there may have been pages
    boolean run() {
        if (!shards.areOpen()) {
            return false;
        }
        StackReserve.ensure();
        lock.lock();
        try {
            if (!closed && shards.areOpen()) {
                shards.slots().suspend();
                try {
                    visit();
                } finally {
                    shards.slots().resume();
                }
            }
            return true;
        } finally {
            lock.unlock();
        }
    }

    /// Moves the pages in the slot of the calling thread into the slab pool. Needs no barrier.
    void runOwn() {
        if (!shards.areOpen()) {
            return;
        }
        StackReserve.ensure(2);
        lock.lock();
        try {
            int count = takeOwn();
            while (count > 0) {
                slabPool.giveAll(pages, count);
                shards.setTransit(0);
                count = takeOwn();
            }
        } finally {
            lock.unlock();
        }
    }

    /// {@return the number of pages that were taken out of the slot of the calling thread; they are in transit}
    private int takeOwn() {
        int[] cells = shards.slots().enter();
        if (cells == null) {
            return 0;
        }
        int depth = Math.min(Shards.depth(cells), BATCH);
        shards.setTransit(depth > 0 ? depth : Math.min(shards.queueSize(cells), BATCH));
        int count = 0;
        if (depth > 0) {
            count = shards.takeOlder(cells, BATCH, pages);
        } else if (shards.queueSize(cells) > 0) {
            count = shards.takeFromQueue(cells, pages);
        }
        BiasedSlots.exit(cells);
        shards.setTransit(count);
        return count;
    }

    /// Waits until every thread that is in its slot has left it. Moves no page.
    void awaitSlots() {
        StackReserve.ensure();
        lock.lock();
        shards.slots().suspend();
        try {
            if (BiasedSlots.barrier(memory)) {
                int ignored = shards.slots().visit(look);
            }
        } finally {
            shards.slots().resume();
            lock.unlock();
        }
    }

    /// Runs the action that shuts the slab pool, with all pages in the slab pool. If the action succeeds, the slots
    /// stay suspended. If a slot stays busy or the barrier fails for too long, a forced close leaves pages in the
    /// slots. They count as in use until [#runLate] or a repeated call, which runs the action again.
    ///
    /// @param shut returns normally if it shut the slab pool, with the number of pages in use
    /// @return the result of the action
    int close(IntSupplier shut) {
        StackReserve.ensure(2);
        lock.lock();
        try {
            if (closed) {
                visitIfOpen();
                return shut.getAsInt();
            }
            shards.slots().suspend();
            try {
                if (shards.slots().isUsed()) {
                    visit(); // even if no slot is known to be open: a thread in its slot may be about to open it
                }
                for (int i = 1; shards.areOpen() && i < MAX_DRAINS; i++) {
                    visit();
                }
                int out = shut.getAsInt();
                closed = true;
                return out;
            } finally {
                if (!closed) {
                    shards.slots().resume();
                }
            }
        } finally {
            lock.unlock();
        }
    }

    /// Moves the pages that a forced close left in the slots into the slab pool, if there are any.
    void runLate() {
        if (shards.areOpen()) {
            lock.lock();
            try {
                if (closed) {
                    visitIfOpen();
                }
            } finally {
                lock.unlock();
            }
        }
    }

    private void visitIfOpen() {
        if (shards.areOpen()) {
            visit();
        }
    }

    private void visit() {
        drains++;
        if (!BiasedSlots.barrier(memory)) {
            return; // without the barrier no slot may be touched; its pages come to the slabPool the next time
        }
        shutSlots = 0;
        boolean isUnfinished = true;
        try {
            int busy = shards.slots()
                    .visit(look); // first: a thread in a slot may be about to push into the queue of another shard
            busy += shards.slots().visit(empty);
            isUnfinished = busy > 0;
        } finally {
            shards.noteDrained(shutSlots, isUnfinished);
        }
    }

    private void drain(BiasedSlot slot) {
        drain(slot.cells());
        shutSlots += Shards.shut(slot.cells()) ? 1 : 0;
    }

    private void drain(int[] cells) {
        int depth = Shards.depth(cells);
        while (depth > 0) {
            shards.setTransit(Math.min(depth, BATCH));
            slabPool.giveAll(pages, shards.takeOlder(cells, BATCH, pages));
            shards.setTransit(0);
            depth = Shards.depth(cells);
        }
        boolean more = true;
        while (more && shards.queueSize(cells) > 0) {
            shards.setTransit(Math.min(shards.queueSize(cells), BATCH));
            int count = shards.takeFromQueue(cells, pages);
            slabPool.giveAll(pages, count);
            shards.setTransit(0);
            more = count > 0; // else a producer that lost its core is between its two steps
        }
    }

    /// {@return the number of drains, for tests}
    long drains() {
        lock.lock();
        try {
            return drains;
        } finally {
            lock.unlock();
        }
    }

    @Override
    public String toString() {
        return format("ShardDrain(%s%s)", shards, closed ? ", closed" : "");
    }
}
