package io.leasehold.page;

import static io.leasehold.page.FrameLayout.MAX_OWNERS;
import static io.leasehold.page.FrameLayout.MAX_OWNER_INDEX;
import static io.leasehold.page.FrameLayout.OWNER_ID_SHIFT;

import io.leasehold.memory.OptionChecks;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.stream.Collectors;

/// The owners that an arena knows, by the small number that a frame has room for.
///
/// **Threads.** Thread-safe; registering is serialised, everything else is lock-free.
final class PageOwners {

    private final String arena; // (C)
    private final List<PageOwner> owners = new CopyOnWriteArrayList<>(); // (L) this; read by anybody

    PageOwners(String arena) {
        this.arena = arena;
    }

    synchronized PageOwner register(String name) {
        OptionChecks.name(name);
        for (int i = 0; i < owners.size(); i++) {
            if (owners.get(i).isGone()) {
                PageOwner successor = new PageOwner(name, i + 1);
                owners.set(i, successor);
                return successor;
            }
        }
        if (owners.size() == MAX_OWNERS) {
            throw new IllegalStateException(
                    "too many page owners: arena=" + arena + ", name=" + name + ", bound=" + MAX_OWNERS);
        }
        PageOwner owner = new PageOwner(name, owners.size() + 1);
        owners.add(owner);
        return owner;
    }

    /// Checks that an owner is one of ours, since a frame knows it by its number only.
    ///
    /// @throws IllegalArgumentException if it was registered with another arena
    void check(PageOwner owner) {
        if (owner.id() > owners.size() || owners.get(owner.id() - 1) != owner) {
            throw new IllegalArgumentException("owner is of another arena: owner=" + owner + ", arena=" + arena);
        }
    }

    /// {@return the owner in the owner field of a frame, which is not 0}
    PageOwner of(int field) {
        return owners.get((field >>> OWNER_ID_SHIFT) - 1);
    }

    /// {@return the owner field of a frame in words}
    String name(int field) {
        return field == 0 ? "unnamed" : of(field).name() + "[" + (field & MAX_OWNER_INDEX) + "]";
    }

    /// {@return who holds how many of the live pages, the largest first, for messages}
    String holders(long livePages) {
        long named = owners.stream().mapToLong(PageOwner::pageCount).sum();
        return owners.stream()
                        .filter(owner -> owner.pageCount() > 0)
                        .sorted(Comparator.comparingLong(PageOwner::pageCount).reversed())
                        .limit(3)
                        .map(owner -> owner.name() + "=" + owner.pageCount())
                        .collect(Collectors.joining(", ", "", named == 0 ? "" : ", "))
                + "unnamed=" + Math.max(0, livePages - named);
    }
}
