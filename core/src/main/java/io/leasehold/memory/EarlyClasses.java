package io.leasehold.memory;

/// Initializes classes, and resolves literals of text, before they are needed.
///
/// If the initialization of a class fails for lack of Java heap or stack, the class is unusable for ever. Most classes
/// are needed for the first time on a slow path, and slow paths run when memory is short. So the code that opens an
/// arena, a heap or a pool initializes the classes of the slow paths first.
///
/// The JVM makes the object of a literal when code meets the text first. With a full Java heap this fails, also in the
/// middle of the code that undoes a change. All classes share one object for equal texts, so the code that opens an
/// arena or a pool names the texts of such code first. `FaultingClassLoader` of the tests finds those that are missing.
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

    /// Resolves literals. They are resolved when the caller passes them, so nothing is left to do.
    ///
    /// @param texts literals
    public static void resolve(String... texts) {
        // the constant pool of the caller keeps the objects
    }
}
