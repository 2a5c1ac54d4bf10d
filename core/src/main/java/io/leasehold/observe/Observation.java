package io.leasehold.observe;

import io.leasehold.holder.MemorySource;
import io.leasehold.observe.counters.CounterFile;
import io.leasehold.os.FaultPoll;
import io.leasehold.page.PageArena;
import io.leasehold.page.service.ArenaAccess;
import io.leasehold.page.service.Pace;
import io.leasehold.page.service.PageReclaimer;
import io.leasehold.slab.SlabHeap;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Shows an open allocator to other processes and to JMX: its counters are in the file of this process, and its beans
/// and that of all holders are registered once the process has a JMX server.
///
/// ```text
///   maintenance thread ---- tick of the arena ----> counters, opened in the first tick, at most once in 500 ms
///                                                   beans, if a server exists by now
/// ```
///
/// An observation opens its counters late, because creating the file would be a large part of a cold start.
///
/// An observation is a reclaimer that frees nothing. So it is called while the arena has something to do, and costs
/// nothing while the arena rests. The last call comes after the last change.
///
/// **Ownership.** The allocator opens its observation after its heaps, and closes it before them.
///
/// **Failures.** An observation never fails its allocator. What cannot be shown is logged once for the process, and
/// left out.
///
/// **Threads.** Thread-safe.
public final class Observation implements AutoCloseable {

    private static final long NANOS_BETWEEN_UPDATES = 500_000_000;

    /// Asked here, because `AllocatorBeans` needs the classes of JMX.
    private static final boolean JMX_EXISTS =
            ModuleLayer.boot().findModule("java.management").isPresent();

    private final ObservedAllocator allocator; // (C)
    private final PageArena arena; // (C)
    private final SlabHeap<?> direct; // (C)
    private final SlabHeap<?> onHeap; // (C)
    private final boolean hasCounters; // (C)
    private final List<MemorySource> sources; // (C) of both heaps
    private final boolean hasJmx; // (C)
    private final PageReclaimer ticks = new Ticks(); // (C)
    private volatile @Nullable AllocatorCounters counters; // (L) this, read without it
    private volatile @Nullable AllocatorBeans beans; // (L) this, read without it
    private volatile boolean failed; // (A) there is no file, or it cannot be written any more
    private long shownChanges; // (O) the thread that updates; of samples, whose stacks are in the file
    private boolean closed; // (L) this

    private Observation(
            ObservedAllocator allocator,
            PageArena arena,
            SlabHeap<?> direct,
            SlabHeap<?> onHeap,
            boolean hasCounters,
            boolean hasJmx) {
        this.allocator = allocator;
        this.arena = arena;
        this.direct = direct;
        this.onHeap = onHeap;
        this.sources = List.of(direct.source(), onHeap.source());
        this.hasCounters = hasCounters;
        this.hasJmx = hasJmx;
    }

    /// Opens an observation of an allocator.
    ///
    /// @param allocator allocator to show
    /// @param arena arena of its direct buffers
    /// @param direct heap of its direct buffers
    /// @param onHeap heap of its buffers on the Java heap
    /// @return the observation; it shows nothing if all is switched off or fails
    public static Observation open(
            ObservedAllocator allocator, PageArena arena, SlabHeap<?> direct, SlabHeap<?> onHeap) {
        boolean hasCounters = ProcessCounters.OPTIONS.hasCounters();
        boolean hasJmx = ProcessCounters.OPTIONS.hasJmx() && JMX_EXISTS;
        Observation made = new Observation(allocator, arena, direct, onHeap, hasCounters, hasJmx);
        if (hasCounters || hasJmx) {
            ArenaAccess.of(arena).addReclaimer(made.ticks);
        }
        return made;
    }

    private synchronized void openCounters() {
        if (closed || failed || counters != null) {
            return;
        }
        try {
            CounterFile file = ProcessCounters.file();
            failed = file == null;
            counters = file == null ? null : new AllocatorCounters(file, allocator.name(), arena, direct, onHeap);
        } catch (RuntimeException | LinkageError | VirtualMachineError e) {
            failed = true;
            ProcessCounters.report(e);
        }
    }

    /// The ticks of the arena.
    private final class Ticks implements PageReclaimer {

        private long lastUpdate = System.nanoTime() - NANOS_BETWEEN_UPDATES; // (O) the maintenance thread

        @Override
        public Progress decay(Pace pace) {
            long now = System.nanoTime();
            if (now - lastUpdate < NANOS_BETWEEN_UPDATES) {
                return Progress.NEXT_TICK;
            }
            lastUpdate = now;
            update();
            return Progress.DONE;
        }

        @Override
        public Progress watch() {
            return decay(Pace.unlimited());
        }

        @Override
        public int shrink() {
            return 0;
        }
    }

    /// Stores the current numbers in the file, and registers the beans if that became possible.
    void update() {
        if (hasCounters && counters == null) {
            openCounters();
        }
        AllocatorCounters open = counters;
        if (open != null && !failed) {
            try {
                open.update();
                updateHolders(open);
                FaultPoll.poll();
            } catch (InternalError e) {
                failed = true; // another process truncated the file
                ProcessCounters.report(e);
            }
        }
        if (hasJmx && beans == null && AllocatorBeans.isServerOpen()) {
            HoldersBeans.tryRegister(); // first: if it fails for lack of Java heap, the next update tries both again
            registerBeans();
        }
    }

    private void updateHolders(AllocatorCounters shown) {
        try {
            shown.updateHolders(allocator.holders());
            long changes = MemorySource.sampleChanges(sources);
            if (changes != shownChanges) {
                shown.updateStacks(MemorySource.topStacks(sources, AllocatorCounters.MAX_STACKS));
                shownChanges = changes;
            }
        } catch (OutOfMemoryError e) {
            // the Java heap is full; the next update tries again
        }
    }

    /// {@return the places that allocated the outstanding buffers of the allocator}
    public Profile profile() {
        return Profile.of(sources);
    }

    private synchronized void registerBeans() {
        if (beans == null && !closed) {
            beans = AllocatorBeans.registerWithAnyName(allocator);
        }
    }

    /// Frees the counters and unregisters the beans.
    @Override
    public synchronized void close() {
        if (closed) {
            return;
        }
        closed = true;
        ArenaAccess.of(arena).removeReclaimer(ticks);
        if (beans != null) {
            beans.close();
        }
        closeCounters();
    }

    private void closeCounters() {
        AllocatorCounters open = counters;
        if (open != null && !failed) {
            try {
                open.close();
                FaultPoll.poll();
            } catch (InternalError e) {
                failed = true;
            }
        }
    }

    @Override
    public String toString() {
        return "Observation(" + allocator.name() + ")";
    }
}
