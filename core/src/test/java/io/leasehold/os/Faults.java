package io.leasehold.os;

import java.util.EnumMap;
import java.util.Map;

/// Counts the calls of a seam and decides which of them fail. Fault injectors are built on it.
///
/// Calls are numbered per kind, from 1, starting when a fault is armed. A kind has one armed fault at a time.
///
/// **Threads.** Thread-safe.
///
/// @param <C> kinds of calls
public final class Faults<C extends Enum<C>> {

    private final Map<C, Fault> armed; // (L) this
    private final Map<C, Long> counts; // (L) this
    private final Map<C, Long> failures; // (L) this

    public Faults(Class<C> calls) {
        this.armed = new EnumMap<>(calls);
        this.counts = new EnumMap<>(calls);
        this.failures = new EnumMap<>(calls);
    }

    /// Makes the `nth` next call fail, and no other.
    public void failOnce(C call, int nth, int errno) {
        arm(call, new Fault(nth, true, errno));
    }

    /// Makes the `nth` next call fail, and all calls after it.
    public void failFrom(C call, int nth, int errno) {
        arm(call, new Fault(nth, false, errno));
    }

    /// Removes all faults. The counters stay.
    public synchronized void disarm() {
        armed.clear();
    }

    /// {@return true if a fault of this kind is armed and has not happened yet}
    public synchronized boolean isArmed(C call) {
        return armed.containsKey(call);
    }

    /// {@return the number of calls, including failed ones}
    public synchronized long count(C call) {
        return counts.getOrDefault(call, 0L);
    }

    /// {@return the number of calls that were made to fail}
    public synchronized long injected() {
        return failures.values().stream().mapToLong(Long::longValue).sum();
    }

    /// {@return the number of calls of this kind that were made to fail}
    public synchronized long injected(C call) {
        return failures.getOrDefault(call, 0L);
    }

    /// Counts a call.
    ///
    /// @return the error number that the call fails with, or 0
    public synchronized int countAndStrike(C call) {
        counts.merge(call, 1L, Long::sum);
        Fault fault = armed.get(call);
        if (fault == null) {
            return 0;
        }
        if (fault.callsLeft > 1) {
            armed.put(call, new Fault(fault.callsLeft - 1, fault.isOnce, fault.errno));
            return 0;
        }
        if (fault.isOnce) {
            armed.remove(call);
        }
        failures.merge(call, 1L, Long::sum);
        return fault.errno;
    }

    @Override
    public synchronized String toString() {
        return "counts=" + counts + ", injected=" + injected() + ", faults=" + armed;
    }

    private synchronized void arm(C call, Fault fault) {
        armed.put(call, fault);
    }

    /// @param callsLeft number of calls until the one that fails, 1 for the next call
    private record Fault(int callsLeft, boolean isOnce, int errno) {

        private Fault {
            if (callsLeft < 1 || errno == 0) {
                throw new IllegalArgumentException(
                        "fault is not possible: nth=" + callsLeft + ", min=1, errno=" + errno + ", not 0");
            }
        }
    }
}
