package io.leasehold.page;

/// Makes threads for [Maintenance] that have nothing of the thread which happens to start them: neither context class
/// loader nor inheritable thread locals, neither group nor priority.
///
/// **Threads.** Stateless.
final class MaintenanceThread {

    private static final String NAME = "leasehold-maintenance";

    private MaintenanceThread() {}

    /// {@return a thread that is not started}
    static Thread of(Runnable work) {
        Thread made = Thread.ofPlatform()
                .name(NAME)
                .daemon()
                .group(rootGroup())
                .priority(Thread.NORM_PRIORITY)
                .inheritInheritableThreadLocals(false)
                .unstarted(work);
        made.setContextClassLoader(null);
        return made;
    }

    private static ThreadGroup rootGroup() {
        ThreadGroup group = Thread.currentThread().getThreadGroup();
        while (group.getParent() != null) {
            group = group.getParent();
        }
        return group;
    }
}
