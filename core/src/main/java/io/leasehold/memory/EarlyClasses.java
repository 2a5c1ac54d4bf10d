package io.leasehold.memory;

/// Initializes classes before they are needed.
///
/// If the initialization of a class fails for lack of Java heap or stack, the class is unusable for ever. Most classes
/// are needed for the first time on a slow path, and slow paths run when memory is short. So the code that opens an
/// arena, a heap or a pool initializes the classes of the slow paths first.
///
/// **Threads.** Stateless.
public final class EarlyClasses {

    private EarlyClasses() {}

    /// Initializes classes that are not initialized yet.
    ///
    /// @param classes classes to initialize, in any order
    public static void initialize(Class<?>... classes) {
        for (Class<?> type : classes) {
            try {
                Class.forName(type.getName(), true, type.getClassLoader());
            } catch (ClassNotFoundException e) {
                throw new LinkageError(type.getName(), e); // cannot happen: the caller has the class object
            }
        }
    }
}
