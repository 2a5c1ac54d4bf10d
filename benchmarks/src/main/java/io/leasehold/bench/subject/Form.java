package io.leasehold.bench.subject;

/// The duration of a run.
public enum Form implements Named {
    /// Three minutes. Checks that everything still runs and finds large regressions.
    CI,
    /// Seven minutes, with the build.
    SHORT,
    /// As long as publishable numbers need.
    FULL
}
