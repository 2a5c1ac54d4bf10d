package io.leasehold.page.service;

import io.leasehold.budget.MemoryBudget;
import io.leasehold.os.VirtualMemory;
import java.util.Collection;
import org.jspecify.annotations.Nullable;

/// Methods of an arena for the layers above it, hidden from users: owners of pages, reclaimers, the memory file, and
/// the seam for system calls.
///
/// ```text
///   LeasePool              memoryFile
///   SlabHeap, JumboPool    register, own, unregister      which pages they have, for messages
///                          addReclaimer, requestDecay     pages that they cache
///                          virtualMemory                  barriers for the caches of threads
///                          refusingLimit                  the limit to name in a message
/// ```
///
/// **Threads.** Thread-safe.
public interface ArenaServices {

    /// {@return the seam for system calls that the arena uses}
    VirtualMemory virtualMemory();

    /// {@return the memory file that backs the pages, or null if the pages are anonymous}
    ///
    /// @throws IllegalStateException if the arena is closed
    @Nullable PageFile memoryFile();

    /// {@return the budget of the arena, to which its pages and tables are charged}
    MemoryBudget budget();

    /// {@return the limit that refuses a request for a run, for the message of a request that failed} If the limits
    /// allow the bytes, but no free run is long enough, the longest free run is named too.
    ///
    /// @param byteSize length of the run in bytes
    RefusingLimit refusingLimit(long byteSize);

    /// Registers an owner of pages.
    ///
    /// @param name name of the owner in messages and statistics
    /// @return the owner, for [#own]
    /// @throws IllegalStateException if 254 owners are registered
    PageOwner register(String name);

    /// Sets the owner of a page, and the index of the owner's object that the page belongs to, as the object and index
    /// of vm_page(9). Only the caller that allocated the page may call this, before it shares the page.
    ///
    /// @param page the handle of a page or run
    /// @param owner the new owner. If it was unregistered, this call has no effect
    /// @param index number of the owner's object, from 0 to 2^24 - 1
    /// @throws IllegalStateException if the handle is stale or foreign
    /// @throws IndexOutOfBoundsException if the index is out of range
    /// @throws IllegalArgumentException if the owner is registered with another arena
    void own(long page, PageOwner owner, int index);

    /// Unregisters an owner, so that another owner can be registered. Pages that the owner still has stay allocated
    /// until they are freed, and are listed as `left behind`. They do not prevent the arena from being closed, and no
    /// other arena gets their addresses. Unregistering twice has no effect.
    ///
    /// @param owner an owner that [#register] returned
    void unregister(PageOwner owner);

    /// Registers a reclaimer. It is called when an allocation finds no page, when the arena is trimmed, and in each
    /// tick of the decay. Registering it twice has no effect.
    ///
    /// @param reclaimer a layer above that caches free pages
    void addReclaimer(PageReclaimer reclaimer);

    /// Unregisters a reclaimer. A call in progress may still finish.
    ///
    /// @param reclaimer the reclaimer, registered or not
    void removeReclaimer(PageReclaimer reclaimer);

    /// Ends all allocation of pages for good, as the first half of a close. Users of the arena that are closed together
    /// with it call this after they freed their pages, and before they are closed themselves. So if another user still
    /// has a page, nothing is closed.
    ///
    /// @param closing the reclaimers of these users
    /// @throws IllegalStateException if pages are live, if another reclaimer keeps the arena open, or if the arena is
    ///     shared by all code of the process; nothing is changed then
    void shut(Collection<? extends PageReclaimer> closing);

    /// Requests a call of [PageReclaimer#decay] in the next tick. A reclaimer calls this when it has something to do
    /// after it returned [PageReclaimer.Progress#DONE]. Costs one volatile load unless the arena rests, and never
    /// blocks.
    void requestDecay();

    /// Keeps the arena open for as long as the process runs: from now on each attempt to close it throws an
    /// [IllegalStateException]. For an arena that all code of the process shares.
    void keepOpen();
}
