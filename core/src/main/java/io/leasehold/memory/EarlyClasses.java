package io.leasehold.memory;

/// Classes that are initialized before they are needed.
///
/// A class whose initialization fails, for want of Java heap or stack, fails for ever. Most classes are needed for the
/// first time on a slow path, and slow paths are taken when memory is short. So whatever opens an arena, a heap or a
/// ring initializes the classes behind it first.
///
/// **Threads.** Stateless.
public final class EarlyClasses {

    private EarlyClasses() {}

    /// Initializes classes that are not initialized yet.
    ///
    /// @param classes in any order
    public static void initialize(Class<?>... classes) {
        for (Class<?> type : classes) {
            try {
                Class.forName(type.getName(), true, type.getClassLoader());
            } catch (ClassNotFoundException e) {
                throw new LinkageError(type.getName(), e); // it is there: it was named by the caller
            }
        }
    }
}
