package io.leasehold.lease;

import io.leasehold.os.VirtualMemory;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jspecify.annotations.Nullable;

/// The stripes of a pool: one for each platform thread, found by thread id, and a few that virtual threads share.
///
/// No other thread needs what lies in a stripe, which is a few records and no memory. So the owner enters a stripe with
/// no handshake at all, unlike a magazine of a page arena, which a reclaimer may want to flush.
///
/// **Threads.** [#enter] to [Stripe#exit] by any thread, with no blocking call between the two.
///
/// **Footprint.** At most `owned + shared` stripes of half a kilobyte, whatever the number of threads: later platform
/// threads share the stripes of the virtual ones, until the owner of one dies.
final class Stripes {

    private static final int PROBES = 4;
    private static final int SPINS = 64;

    private static final VarHandle STRIPE =
            MethodHandles.arrayElementVarHandle(Stripe[].class).withInvokeExactBehavior();

    private final @Nullable Stripe[] stripes; // (A) the owned ones first, each made when a thread first comes
    private final int owned; // (C) a power of two
    private final int shared; // (C) a power of two
    private final CopyOnWriteArrayList<Stripe> active = new CopyOnWriteArrayList<>(); // (A) those that were made

    Stripes(int owned, int shared) {
        this.owned = owned;
        this.shared = shared;
        stripes = new Stripe[owned + shared];
        stripe(owned); // there is always one, also when the Java heap is full
    }

    Stripe enter() {
        long thread = Thread.currentThread().threadId();
        Stripe stripe = stripes[(int) thread & (owned - 1)];
        return stripe != null && stripe.owner() == thread ? stripe : enterElsewhere(thread);
    }

    /// {@return a stripe, made now if it was not used before, or null if there is no Java heap for it}
    private @Nullable Stripe stripe(int index) {
        Stripe stripe = (Stripe) STRIPE.getAcquire(stripes, index);
        if (stripe != null) {
            return stripe;
        }
        Stripe made;
        try {
            made = new Stripe(index >= owned);
            active.add(made);
        } catch (OutOfMemoryError e) {
            return null;
        }
        if (STRIPE.compareAndSet(stripes, index, (Stripe) null, made)) {
            return made;
        }
        active.remove(made);
        return (Stripe) STRIPE.getAcquire(stripes, index);
    }

    private static boolean claim(Stripe stripe, long thread) {
        try {
            return stripe.claim(thread);
        } catch (OutOfMemoryError e) {
            return false; // a shared stripe does as well
        }
    }

    private Stripe enterElsewhere(long thread) {
        if (!Thread.currentThread().isVirtual()) {
            for (int probe = 0; probe < PROBES; probe++) {
                Stripe stripe = stripe((int) (thread + probe) & (owned - 1));
                if (stripe != null && (stripe.owner() == thread || claim(stripe, thread))) {
                    return stripe;
                }
            }
        }
        for (int probe = 0; ; probe++) {
            Stripe stripe = stripe(owned + ((int) (thread + probe) & (shared - 1)));
            if (stripe != null && stripe.tryEnter()) {
                return stripe;
            }
            if (probe % SPINS == SPINS - 1) {
                // the thread that is busy lost its processor; Thread.yield would put a virtual thread behind every
                // runnable one
                VirtualMemory.system().yieldProcessor();
            }
        }
    }

    /// {@return the windows in use, as far as they were counted in stripes}
    long used() {
        long used = 0;
        for (Stripe stripe : active) {
            used += stripe.share();
        }
        return used;
    }

    /// {@return the free records in all stripes}
    long records() {
        long records = 0;
        for (Stripe stripe : active) {
            records += stripe.records();
        }
        return records;
    }

    /// {@return the acquires that ended with a window, as far as they were counted in stripes}
    long uses() {
        long uses = 0;
        for (Stripe stripe : active) {
            uses += stripe.uses();
        }
        return uses;
    }
}
