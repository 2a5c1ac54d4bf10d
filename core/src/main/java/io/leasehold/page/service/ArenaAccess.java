package io.leasehold.page.service;

import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/// Finds the services of an arena.
///
/// A public method of the arena would show the services to all users. So the class of the arena hands over a function
/// when it is initialized, and only the packages of this module can name this class.
///
/// **Threads.** Thread-safe.
public final class ArenaAccess {

    private static volatile @Nullable Function<Object, ArenaServices> services; // (A) set once, by the arena's class

    private ArenaAccess() {}

    /// Sets the function. Called by the class of the arena, before the first arena is opened.
    ///
    /// @param ofArena returns the services of an arena
    public static void provide(Function<Object, ArenaServices> ofArena) {
        services = ofArena;
    }

    /// {@return the services of an arena}
    ///
    /// @param arena a `PageArena`
    /// @throws ClassCastException if the object is no arena
    public static ArenaServices of(Object arena) {
        Function<Object, ArenaServices> found = services;
        if (found == null) {
            throw new ClassCastException(
                    "not an arena: class=" + arena.getClass().getName());
        }
        return found.apply(arena);
    }
}
