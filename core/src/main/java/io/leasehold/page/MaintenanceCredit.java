package io.leasehold.page;

import io.leasehold.page.service.Pace;

/// The processor time that the maintenance thread may use: one part in [#PARTS] of the time of one processor.
///
/// Unused time is saved, up to [#MAX_CREDIT_NANOS], so that the memory of a burst goes back at once. A step may take
/// more than the credit. Then the credit is negative, and the thread pauses.
///
/// **Threads.** Used by the maintenance thread.
final class MaintenanceCredit {

    /// Background work takes at most 1/20 of a processor, which is 5 %.
    private static final int PARTS = 20;

    /// The unused time of ten seconds. After a burst of 1 GiB in buffers of 256 B, of which one in a hundred stays, 160
    /// MiB are left after two seconds. With a credit of 100 ms, 621 MiB were left (`mvn -Pbench -Dbench=memory`,
    /// 2026-11-29).
    private static final long MAX_CREDIT_NANOS = 500_000_000;

    /// Minimum time of a step, so that the overhead of a step stays small.
    private static final long MIN_STEP_NANOS = 500_000;

    /// Maximum time of a step. Other arenas wait for its end, and so does a thread that closes the arena.
    private static final long MAX_STEP_NANOS = 5_000_000;

    /// Maximum time that a step is charged. A longer step waited for a processor.
    private static final long MAX_CHARGE_NANOS = MAX_STEP_NANOS + 1_000_000;

    /// (O) maintenance thread; if negative, the thread must pause. The time before the start is unused time: a server
    /// that begins with a burst gets its memory back as soon as an old one.
    private long credit = MAX_CREDIT_NANOS;

    private long creditTime; // (O) maintenance thread

    /// @param now time in nanoseconds from which credit is added
    MaintenanceCredit(long now) {
        creditTime = now;
    }

    /// Adds the credit of the time since the last call.
    void add(long now) {
        credit = Math.min(MAX_CREDIT_NANOS, credit + (now - creditTime) / PARTS);
        creditTime = now;
    }

    /// {@return the pause in nanoseconds after which there is credit; not positive if there is some now}
    long pauseNanos() {
        return -credit * PARTS;
    }

    /// {@return the time limit of the next step}
    Pace pace() {
        return Pace.ofNanos(Math.clamp(credit, MIN_STEP_NANOS, MAX_STEP_NANOS));
    }

    /// Takes the time of a step off the credit.
    void charge(long nanos) {
        credit -= Math.min(nanos, MAX_CHARGE_NANOS);
    }

    @Override
    public String toString() {
        return "MaintenanceCredit(nanos=" + credit + ")";
    }
}
