package io.leasehold.page;

import io.leasehold.page.PageReclaimer.Progress;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;

/// The reclaimers that are registered with an arena.
///
/// **Threads.** Thread-safe. Reclaimers are called without a lock.
final class PageReclaimers {

    private static final System.Logger LOG = System.getLogger("io.leasehold");

    private final String arena; // (C)
    private final List<Known> reclaimers = new CopyOnWriteArrayList<>(); // (L) this; read without it

    PageReclaimers(String arena) {
        this.arena = arena;
    }

    /// A reclaimer, and whether a failure of it was logged.
    private static final class Known {
        final PageReclaimer reclaimer; // (C)
        volatile boolean warned; // (A) racy on purpose: a second log entry does no harm

        Known(PageReclaimer reclaimer) {
            this.reclaimer = reclaimer;
        }
    }

    /// Registers a reclaimer, once however often this is called.
    synchronized void add(PageReclaimer reclaimer) {
        if (reclaimers.stream().noneMatch(known -> known.reclaimer.equals(reclaimer))) {
            reclaimers.add(new Known(reclaimer));
        }
    }

    synchronized void remove(PageReclaimer reclaimer) {
        reclaimers.removeIf(known -> known.reclaimer.equals(reclaimer));
    }

    synchronized void clear() {
        reclaimers.clear();
    }

    /// Refuses to end an arena that is in use, though no page of it is at the moment.
    void requireNone() {
        List<String> users = reclaimers.stream()
                .filter(known -> known.reclaimer.keepsOpen())
                .map(known -> known.reclaimer.toString())
                .toList();
        if (!users.isEmpty()) {
            throw new IllegalStateException(
                    "arena is in use, close its users first: arena=" + arena + ", users=" + users);
        }
    }

    /// Calls the decay of every reclaimer, each with half of the time that is left.
    ///
    /// @return the most that one of them still has to do
    Progress decay(Pace pace) {
        Progress[] most = {Progress.DONE};
        call("decay", reclaimer -> {
            Progress progress = reclaimer.decay(pace.half());
            most[0] = progress.compareTo(most[0]) > 0 ? progress : most[0];
        });
        return most[0];
    }

    /// Has every reclaimer give back what is not in use. Pages may be free then even if this call freed none: another
    /// thread that called at the same time may have freed them.
    void shrink() {
        call("shrink", PageReclaimer::shrink);
    }

    /// Has every reclaimer give back all that is not in use.
    void trim() {
        call("trim", PageReclaimer::trim);
    }

    boolean isEmpty() {
        return reclaimers.isEmpty();
    }

    private void call(String what, Consumer<PageReclaimer> call) {
        for (Known known : reclaimers) {
            try {
                call.accept(known.reclaimer);
            } catch (RuntimeException e) {
                warn(known, what, e);
            }
        }
    }

    private void warn(Known known, String what, RuntimeException e) {
        if (!known.warned) {
            known.warned = true; // a repeated failure would flood the log
            String message = "reclaimer failed to %s: arena=%s, reclaimer=%s"
                    .formatted(what, arena, known.reclaimer.getClass().getName());
            LOG.log(System.Logger.Level.WARNING, message, e);
        }
    }
}
