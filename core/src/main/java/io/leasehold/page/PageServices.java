package io.leasehold.page;

import io.leasehold.page.service.ArenaServices;
import io.leasehold.page.service.PageFile;
import io.leasehold.page.service.PageOwner;
import io.leasehold.page.service.PageReclaimer;
import java.util.Collection;
import org.jspecify.annotations.Nullable;

/// The services of one arena for the layers above.
///
/// **Threads.** Thread-safe.
final class PageServices implements ArenaServices {

    private final PageArena arena; // (C)

    PageServices(PageArena arena) {
        this.arena = arena;
    }

    @Override
    public @Nullable PageFile memoryFile() {
        return arena.memoryFile();
    }

    @Override
    public PageOwner register(String name) {
        return arena.frames().register(name);
    }

    @Override
    public void own(long page, PageOwner owner, int index) {
        arena.frames().own(page, owner, index);
    }

    @Override
    public void unregister(PageOwner owner) {
        arena.unregister(owner);
    }

    @Override
    public void addReclaimer(PageReclaimer reclaimer) {
        arena.addReclaimer(reclaimer);
    }

    @Override
    public void removeReclaimer(PageReclaimer reclaimer) {
        arena.removeReclaimer(reclaimer);
    }

    @Override
    public void shut(Collection<? extends PageReclaimer> closing) {
        int ignored = arena.shut(false, closing); // none is live, or this throws
    }

    @Override
    public void requestDecay() {
        arena.requestDecay();
    }

    @Override
    public void keepOpen() {
        arena.keepOpen();
    }
}
