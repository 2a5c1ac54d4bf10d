package io.leasehold.page;

import static io.leasehold.page.FrameLayout.LEFT_BEHIND;
import static io.leasehold.page.FrameLayout.MAX_OWNERS;
import static io.leasehold.page.FrameLayout.MAX_OWNER_INDEX;
import static io.leasehold.page.FrameLayout.OWNER_ID_SHIFT;

import io.leasehold.memory.OffHeap;
import io.leasehold.memory.OptionChecks;
import io.leasehold.memory.Words;
import io.leasehold.page.service.PageOwner;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/// The registered owners of an arena, by the id that a frame has space for.
///
/// The id of an unregistered owner is reused only after all other ids. So a thread that loaded it from a frame has
/// finished by then.
///
/// **Threads.** Thread-safe; registering is serialized by `this`, everything else is lock-free.
final class PageOwners {

    private final String arena; // (C)
    private final AtomicReferenceArray<@Nullable PageOwner> owners =
            new AtomicReferenceArray<>(LEFT_BEHIND + 1); // (L) this; read by any thread
    private int last; // (L) this; the id that was assigned last

    private final PageOwner leftBehind = new PageOwner("left behind", LEFT_BEHIND); // (C)

    PageOwners(String arena) {
        this.arena = arena;
        owners.set(LEFT_BEHIND, leftBehind);
    }

    synchronized PageOwner register(String name) {
        OptionChecks.name(name);
        for (int i = 0; i < MAX_OWNERS; i++) {
            int id = (last + i) % MAX_OWNERS + 1;
            if (owners.get(id) == null) {
                PageOwner owner = new PageOwner(name, id);
                owners.set(id, owner);
                last = id;
                return owner;
            }
        }
        throw new IllegalStateException(
                "too many page owners: arena=" + arena + ", name=" + name + ", max=" + MAX_OWNERS);
    }

    /// Unregisters an owner, and frees its id.
    void unregister(PageOwner owner) {
        owners.compareAndSet(owner.id(), owner, null);
    }

    /// Makes a page `left behind` if it belongs to an owner that is being unregistered.
    ///
    /// @param useAddress address of the word of the frame that holds the owner and the length
    void leaveBehind(long useAddress, PageOwner owner) {
        long use = OffHeap.getLong(useAddress);
        // a page that is freed meanwhile has no owner, and one that is lengthened is tried again
        while (FrameLayout.owner(use) >>> OWNER_ID_SHIFT == owner.id()) {
            long next = FrameLayout.use(LEFT_BEHIND << OWNER_ID_SHIFT, FrameLayout.run(use));
            if (Words.compareAndSetLong(useAddress, use, next)) {
                owner.add(-FrameLayout.run(use));
                leftBehind.add(FrameLayout.run(use));
                return;
            }
            use = OffHeap.getLong(useAddress);
        }
    }

    /// {@return the owner of pages that were still allocated when their owner was unregistered}
    PageOwner leftBehind() {
        return leftBehind;
    }

    /// {@return true if the owner is registered with this arena}
    boolean knows(PageOwner owner) {
        return owners.get(owner.id()) == owner;
    }

    /// {@return the owner in the owner field of a frame, or null if none is set or the owner was unregistered}
    @Nullable PageOwner of(int field) {
        return owners.get(field >>> OWNER_ID_SHIFT);
    }

    /// Adds to the page count of the owner in the owner field of a frame.
    void add(int field, long pages) {
        PageOwner owner = of(field);
        if (owner != null) {
            owner.add(pages);
        }
    }

    /// {@return the owner field of a frame as text}
    String name(int field) {
        PageOwner owner = of(field);
        return owner == null ? "unnamed" : owner.name() + "[" + (field & MAX_OWNER_INDEX) + "]";
    }

    /// {@return the three owners with the most live pages, and the number of pages without an owner, for messages}
    String holders(long livePages) {
        List<PageOwner> all = IntStream.rangeClosed(1, LEFT_BEHIND)
                .mapToObj(owners::get)
                .filter(Objects::nonNull)
                .toList();
        long named = all.stream().mapToLong(PageOwner::pageCount).sum();
        return all.stream()
                        .filter(owner -> owner.pageCount() > 0)
                        .sorted(Comparator.comparingLong(PageOwner::pageCount).reversed())
                        .limit(3)
                        .map(owner -> owner.name() + "=" + owner.pageCount())
                        .collect(Collectors.joining(", ", "", named == 0 ? "" : ", "))
                + "unnamed=" + Math.max(0, livePages - named);
    }
}
