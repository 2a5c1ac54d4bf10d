package io.leasehold.page;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;

/// Who keeps pages of an arena in stock.
///
/// **Threads.** Thread-safe. Tenants are called without a lock.
final class PageTenants {

    private static final System.Logger LOG = System.getLogger("io.leasehold");

    private final String arena; // (C)
    private final List<Known> tenants = new CopyOnWriteArrayList<>(); // written under this

    PageTenants(String arena) {
        this.arena = arena;
    }

    /// A tenant, and whether he was complained of.
    private static final class Known {
        final PageTenant tenant; // (C)
        volatile boolean warned; // (A) racy on purpose: a second complaint does no harm

        Known(PageTenant tenant) {
            this.tenant = tenant;
        }
    }

    /// Makes a tenant known, once however often this is called, or forgets him.
    synchronized void set(PageTenant tenant, boolean isKnown) {
        if (!isKnown) {
            tenants.removeIf(known -> known.tenant.equals(tenant));
        } else if (tenants.stream().noneMatch(known -> known.tenant.equals(tenant))) {
            tenants.add(new Known(tenant));
        }
    }

    synchronized void clear() {
        tenants.clear();
    }

    void settle() {
        ask("settle", PageTenant::settle);
    }

    /// Asks for all that is in stock. Pages may be free then even if this call freed none: somebody else, who asked at
    /// the same time, may have got them out.
    void relinquish() {
        ask("relinquish", PageTenant::relinquish);
    }

    boolean isEmpty() {
        return tenants.isEmpty();
    }

    private void ask(String what, Consumer<PageTenant> call) {
        for (Known known : tenants) {
            try {
                call.accept(known.tenant);
            } catch (RuntimeException e) {
                complain(known, what, e);
            }
        }
    }

    private void complain(Known known, String what, RuntimeException e) {
        if (!known.warned) {
            known.warned = true; // a repeated failure would flood the log
            String message = "tenant failed to %s: arena=%s, tenant=%s"
                    .formatted(what, arena, known.tenant.getClass().getName());
            LOG.log(System.Logger.Level.WARNING, message, e);
        }
    }
}
