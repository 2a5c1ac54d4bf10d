package io.leasehold.page;

/// Makes threads for [Maintenance] that inherit nothing from the thread that starts them: neither context class loader,
/// inheritable thread locals, group nor priority.
///
/// **Threads.** Stateless.
final class MaintenanceThread {

    private static final String NAME = "leasehold-maintenance";

    private MaintenanceThread() {}

    /// {@return a new thread that is not started}
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

    /// {@return true if a class is missing that no later step can load, because the class loader was closed} A closed
    /// class loader finds no resources either.
    static boolean isOver(Throwable thrown) {
        return thrown instanceof LinkageError && MaintenanceThread.class.getResource("MaintenanceThread.class") == null;
    }

    private static ThreadGroup rootGroup() {
        ThreadGroup group = Thread.currentThread().getThreadGroup();
        while (group.getParent() != null) {
            group = group.getParent();
        }
        return group;
    }
}
