package io.leasehold.page;

import io.leasehold.budget.MemoryBudget;
import io.leasehold.os.VirtualMemory;
import io.leasehold.page.service.ArenaServices;
import io.leasehold.page.service.PageFile;
import io.leasehold.page.service.PageOwner;
import io.leasehold.page.service.PageReclaimer;
import io.leasehold.page.service.RefusingLimit;
import java.util.Collection;
import org.jspecify.annotations.Nullable;

/// The services of one arena for the layers above.
///
/// **Threads.** Thread-safe.
final class PageServices implements ArenaServices {

    private final ArenaSpace space; // (C)
    private final PageFrames frames; // (C)
    private final ArenaActivity activity; // (C)
    private final PageReclaimers reclaimers; // (C)
    private final Decay decay; // (C)
    private final ArenaCloser closer; // (C)

    PageServices(
            ArenaSpace space,
            PageFrames frames,
            ArenaActivity activity,
            PageReclaimers reclaimers,
            Decay decay,
            ArenaCloser closer) {
        this.space = space;
        this.frames = frames;
        this.activity = activity;
        this.reclaimers = reclaimers;
        this.decay = decay;
        this.closer = closer;
    }

    @Override
    public VirtualMemory virtualMemory() {
        return space.pages.memory();
    }

    @Override
    public @Nullable PageFile memoryFile() {
        return space.file(frames);
    }

    @Override
    public MemoryBudget budget() {
        return space.budget;
    }

    @Override
    public RefusingLimit refusingLimit(long byteSize) {
        return activity.refusingLimit(byteSize);
    }

    @Override
    public PageOwner register(String name) {
        return frames.register(name);
    }

    @Override
    public void own(long page, PageOwner owner, int index) {
        frames.own(page, owner, index);
    }

    @Override
    public void unregister(PageOwner owner) {
        closer.unregister(owner);
    }

    @Override
    public void addReclaimer(PageReclaimer reclaimer) {
        reclaimers.add(reclaimer);
        decay.request();
    }

    @Override
    public void removeReclaimer(PageReclaimer reclaimer) {
        reclaimers.remove(reclaimer);
    }

    @Override
    public void shut(Collection<? extends PageReclaimer> closing) {
        int ignored = closer.shut(false, closing); // none is live, or this throws
    }

    @Override
    public void requestDecay() {
        decay.request();
    }

    @Override
    public void keepOpen() {
        closer.keepOpen();
    }
}
