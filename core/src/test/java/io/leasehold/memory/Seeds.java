package io.leasehold.memory;

import java.util.SplittableRandom;

/// Where the randomness of a test comes from: a new seed each run, or the one given with `-Dseed=`.
///
/// **Threads.** Stateless; a generator belongs to one thread.
public final class Seeds {

    private Seeds() {}

    /// {@return the seed of one run of a test, printed so that the run can be repeated}
    public static long next(String test) {
        Long given = Long.getLong("seed");
        long seed = given == null ? System.nanoTime() : given;
        System.out.println(test + ": seed=" + seed + ", replay with -Dseed=" + seed);
        return seed;
    }

    /// {@return a generator with a printed seed}
    public static SplittableRandom random(String test) {
        return new SplittableRandom(next(test));
    }
}
