package io.leasehold.page;

import io.leasehold.budget.BudgetRefusal;
import io.leasehold.budget.MemoryBudget;
import java.lang.ref.WeakReference;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/// The open arenas of this process. They give each other memory that they do not need.
///
/// ```text
///   budget "process" ----- arena "a", with idle pages  <---- decommits what "b" lacks ---+
///                    |---- arena "b"   request ----> refused by "process" ---------------+
/// ```
///
/// Idle pages of an arena stay charged until they are decommitted, after the decay. Without this class, a request of
/// another arena below the same budget would fail for as long as that.
///
/// **Cost.** In proportion to the number of arenas. [FrameReclaimer] limits how often an arena asks in vain. An arena
/// decommits no more batches than the request needs.
///
/// **Ownership.** An arena is known by a weak reference.
///
/// **Threads.** Thread-safe. Arenas are asked without a lock.
final class Neighbours {

    private static final Neighbours OF_PROCESS = new Neighbours();

    private final Map<MemoryBudget, WeakReference<FrameReclaimer>> arenas =
            new ConcurrentHashMap<>(); // (A) by the budget of the arena itself

    private Neighbours() {}

    static Neighbours ofProcess() {
        return OF_PROCESS;
    }

    /// Adds an arena.
    ///
    /// @param budget budget of the arena itself
    void add(MemoryBudget budget, FrameReclaimer reclaimer) {
        arenas.put(budget, new WeakReference<>(reclaimer));
    }

    void remove(MemoryBudget budget) {
        arenas.remove(budget);
    }

    /// Has other arenas decommit idle memory if that helps a reservation that was refused.
    ///
    /// @param asking budget of the arena that needs memory
    /// @param byteSize number of bytes that it needs
    /// @return true if the reservation may succeed now
    boolean collect(MemoryBudget asking, long byteSize) {
        BudgetRefusal refusal = asking.refusal(byteSize);
        if (refusal == null) {
            return true;
        }
        MemoryBudget common = refusal.refusing();
        return !common.equals(asking) && collect(asking, common, byteSize) > 0;
    }

    private long collect(MemoryBudget asking, MemoryBudget common, long byteSize) {
        String below = common.path().concat("/");
        long collected = 0;
        for (Map.Entry<MemoryBudget, WeakReference<FrameReclaimer>> arena : arenas.entrySet()) {
            MemoryBudget budget = arena.getKey();
            FrameReclaimer reclaimer = arena.getValue().get();
            boolean isNeighbour = !budget.equals(asking)
                    && budget.path().startsWith(below)
                    && budget.top().equals(common.top());
            if (reclaimer != null && isNeighbour && collected < byteSize) {
                collected += reclaimer.giveIdle(byteSize - collected);
            }
        }
        return collected;
    }

    @Override
    public String toString() {
        return "Neighbours(" + arenas.size() + ")";
    }
}
