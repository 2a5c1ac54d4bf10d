package io.leasehold.os;

import java.util.EnumMap;
import java.util.Map;

/// Which calls of a seam are to fail, and how many were made: what its fault injector counts with.
///
/// Calls are numbered per kind, from 1, starting when a fault is armed; a kind has one armed fault at a time.
///
/// **Threads.** Thread-safe.
///
/// @param <C> the kinds of calls
public final class Faults<C extends Enum<C>> {

    private final Map<C, Fault> armed; // (L) this
    private final Map<C, Long> counts; // (L) this
    private long injected; // (L) this

    public Faults(Class<C> calls) {
        this.armed = new EnumMap<>(calls);
        this.counts = new EnumMap<>(calls);
    }

    /// Makes the `nth` call from now on fail, and no other.
    public void failOnce(C call, int nth, int errno) {
        arm(call, new Fault(nth, true, errno));
    }

    /// Makes the `nth` call from now on fail, and all after it.
    public void failFrom(C call, int nth, int errno) {
        arm(call, new Fault(nth, false, errno));
    }

    /// Takes all faults back. The counters stay.
    public synchronized void disarm() {
        armed.clear();
    }

    /// {@return whether a fault of this kind is still to come}
    public synchronized boolean isArmed(C call) {
        return armed.containsKey(call);
    }

    /// {@return how often a call was made, failed ones included}
    public synchronized long count(C call) {
        return counts.getOrDefault(call, 0L);
    }

    /// {@return how many calls were made to fail}
    public synchronized long injected() {
        return injected;
    }

    /// Counts a call that is made now.
    ///
    /// @return the error number that it fails with, or 0
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
        injected++;
        return fault.errno;
    }

    @Override
    public synchronized String toString() {
        return "counts=" + counts + ", injected=" + injected + ", faults=" + armed;
    }

    private synchronized void arm(C call, Fault fault) {
        armed.put(call, fault);
    }

    /// @param callsLeft the how-manieth call from now on fails, 1 for the next
    private record Fault(int callsLeft, boolean isOnce, int errno) {

        private Fault {
            if (callsLeft < 1 || errno == 0) {
                throw new IllegalArgumentException(
                        "nth is not positive or errno is 0: nth=" + callsLeft + ", errno=" + errno);
            }
        }
    }
}
