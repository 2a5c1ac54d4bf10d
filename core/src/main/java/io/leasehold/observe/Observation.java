package io.leasehold.observe;

import io.leasehold.holder.MemorySource;
import io.leasehold.holder.ThreadTag;
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
/// are registered once the process has a JMX server.
///
/// ```text
///   maintenance thread ---- tick of the arena ----> counters, at most each 500 ms
///                                                   beans, if a server exists by now
/// ```
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

    private final ObservedAllocator allocator; // (C)
    private final PageArena arena; // (C)
    private final List<MemorySource> sources; // (C) of both heaps
    private final boolean hasJmx; // (C)
    private final PageReclaimer ticks = new Ticks(); // (C)
    private final @Nullable AllocatorCounters counters; // (C)
    private volatile @Nullable AllocatorBeans beans; // (L) this, read without it
    private volatile boolean failed; // (A) the file cannot be written any more
    private long shownChanges; // (O) the thread that updates; of samples, whose stacks are in the file
    private boolean closed; // (L) this

    private Observation(
            ObservedAllocator allocator,
            PageArena arena,
            List<MemorySource> sources,
            @Nullable AllocatorCounters counters,
            boolean hasJmx) {
        this.allocator = allocator;
        this.arena = arena;
        this.sources = sources;
        this.counters = counters;
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
        AllocatorCounters counters = null;
        boolean hasJmx = false;
        try {
            CounterFile file = ProcessCounters.file();
            counters = file == null ? null : new AllocatorCounters(file, allocator.name(), arena, direct, onHeap);
            hasJmx = ProcessCounters.OPTIONS.hasJmx() && AllocatorBeans.canExist();
        } catch (RuntimeException | LinkageError | VirtualMachineError e) {
            ProcessCounters.report(e);
        }
        Observation opened = null;
        try {
            Observation made =
                    new Observation(allocator, arena, List.of(direct.source(), onHeap.source()), counters, hasJmx);
            if (counters != null || hasJmx) {
                ArenaAccess.of(arena).addReclaimer(made.ticks);
            }
            opened = made;
            return made;
        } finally {
            if (opened == null && counters != null) {
                counters.close(); // the Java heap is full
            }
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
        public int shrink() {
            return 0;
        }
    }

    /// Stores the current numbers in the file, and registers the beans if that became possible.
    void update() {
        if (counters != null && !failed) {
            try {
                counters.update();
                updateHolders(counters);
                FaultPoll.poll();
            } catch (InternalError e) {
                failed = true; // another process cut the file
                ProcessCounters.report(e);
            }
        }
        if (hasJmx && beans == null && AllocatorBeans.isServerOpen()) {
            registerBeans();
        }
    }

    private void updateHolders(AllocatorCounters shown) {
        try {
            if (ThreadTag.isUsed()) {
                shown.updateHolders(allocator.holders());
            }
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
        if (counters != null && !failed) {
            try {
                counters.close();
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
