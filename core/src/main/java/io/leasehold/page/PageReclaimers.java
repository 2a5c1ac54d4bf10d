package io.leasehold.page;

import static io.leasehold.text.Texts.format;

import io.leasehold.page.service.Pace;
import io.leasehold.page.service.PageReclaimer;
import io.leasehold.page.service.PageReclaimer.Progress;
import java.util.Collection;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;

/// The reclaimers that are registered with an arena.
///
/// **Threads.** Thread-safe. Reclaimers are called without a lock.
final class PageReclaimers {

    private static final System.Logger LOG = System.getLogger("io.leasehold");

    private final String arena; // (C)
    private final List<Registration> reclaimers = new CopyOnWriteArrayList<>(); // (L) this; read without it

    PageReclaimers(String arena) {
        this.arena = arena;
    }

    /// A registered reclaimer, and the fact that a failure of it was logged.
    private static final class Registration {
        final PageReclaimer reclaimer; // (C)
        volatile boolean warned; // (A) racy on purpose: a second log entry does no harm

        Registration(PageReclaimer reclaimer) {
            this.reclaimer = reclaimer;
        }
    }

    /// {@return the name of the arena}
    String arena() {
        return arena;
    }

    /// Registers a reclaimer. Registering it twice has no effect.
    synchronized void add(PageReclaimer reclaimer) {
        if (reclaimers.stream().noneMatch(registered -> registered.reclaimer.equals(reclaimer))) {
            reclaimers.add(new Registration(reclaimer));
        }
    }

    synchronized void remove(PageReclaimer reclaimer) {
        reclaimers.removeIf(registered -> registered.reclaimer.equals(reclaimer));
    }

    synchronized void clear() {
        reclaimers.clear();
    }

    /// {@return the reclaimers that keep the arena open, even if no page is in use, as messages show them}
    List<String> users() {
        return usersBut(List.of());
    }

    private List<String> usersBut(Collection<? extends PageReclaimer> closing) {
        return reclaimers.stream()
                .filter(registered -> registered.reclaimer.keepsOpen() && !closing.contains(registered.reclaimer))
                .map(registered -> registered.reclaimer.toString())
                .toList();
    }

    /// Throws if a reclaimer keeps the arena open that is not among `closing`.
    void requireNoneBut(Collection<? extends PageReclaimer> closing) {
        List<String> users = usersBut(closing);
        if (!users.isEmpty()) {
            throw new IllegalStateException(
                    "arena is in use, close its users first: arena=" + arena + ", users=" + users);
        }
    }

    /// Calls [PageReclaimer#decay] of every reclaimer, each with half of the remaining time.
    ///
    /// @return the progress of the reclaimer that has the most work left
    Progress decay(Pace pace) {
        Progress[] most = {Progress.DONE};
        call("decay", reclaimer -> {
            Progress progress = reclaimer.decay(pace.half());
            most[0] = progress.compareTo(most[0]) > 0 ? progress : most[0];
        });
        return most[0];
    }

    /// Calls [PageReclaimer#watch] of every reclaimer, in the order of their registration. So an observer sees what a
    /// heap did in this tick.
    ///
    /// @return the progress of the reclaimer that needs the next call first
    Progress watch() {
        Progress[] most = {Progress.DONE};
        call("watch", reclaimer -> {
            Progress progress = reclaimer.watch();
            most[0] = progress.compareTo(most[0]) > 0 ? progress : most[0];
        });
        return most[0];
    }

    /// Calls [PageReclaimer#collectOwn] of every reclaimer.
    void collectOwn() {
        call("collect", PageReclaimer::collectOwn);
    }

    /// Calls [PageReclaimer#shrink] of every reclaimer. Pages may be free afterwards even if this call freed none,
    /// since a concurrent call may have freed them.
    void shrink() {
        call("shrink", PageReclaimer::shrink);
    }

    /// Calls [PageReclaimer#trim] of every reclaimer.
    void trim() {
        call("trim", PageReclaimer::trim);
    }

    boolean isEmpty() {
        return reclaimers.isEmpty();
    }

    /// Calls every reclaimer. An exception is logged. The first error is thrown again after all reclaimers were called.
    private void call(String what, Consumer<PageReclaimer> call) {
        Error error = null;
        for (Registration registered : reclaimers) {
            try {
                call.accept(registered.reclaimer);
            } catch (RuntimeException e) {
                warn(registered, what, e);
            } catch (Error e) {
                error = error == null ? e : error;
            }
        }
        if (error != null) {
            throw error;
        }
    }

    private void warn(Registration registered, String what, RuntimeException e) {
        if (!registered.warned) {
            registered.warned = true; // a repeated failure would flood the log
            String message = format(
                    "reclaimer failed to %s: arena=%s, reclaimer=%s",
                    what, arena, registered.reclaimer.getClass().getName());
            LOG.log(System.Logger.Level.WARNING, message, e);
        }
    }
}
