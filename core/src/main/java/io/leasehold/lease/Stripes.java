package io.leasehold.lease;

import io.leasehold.memory.FullHeap;
import io.leasehold.os.VirtualMemory;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/// The stripes of a pool: one for each platform thread, found by thread id, and a few shared by virtual threads.
///
/// A stripe holds a few records and no memory, so no other thread needs its contents. Therefore the owner enters a
/// stripe without any handshake. A magazine of a page arena needs one, because a reclaimer may flush it.
///
/// **Threads.** Any thread may call [#enter] and [Stripe#exit]. It makes no blocking call in between.
///
/// **Footprint.** At most `owned + shared` stripes of half a kilobyte, for any number of threads. A platform thread
/// that finds no unowned stripe uses a shared one, until the owner of a stripe ends.
final class Stripes {

    private static final int MIN_OWNED = 64;
    private static final int MAX_OWNED = 512;
    private static final int PROBES = 4;
    private static final int SPINS = 64;

    private static final VarHandle STRIPE =
            MethodHandles.arrayElementVarHandle(Stripe[].class).withInvokeExactBehavior();

    private final @Nullable Stripe[] stripes; // (A) owned stripes first; each is created at first use
    private final int owned; // (C) a power of two
    private final int shared; // (C) a power of two
    private volatile Stripe[] active = {}; // (L) this, to write; an array needs no iterator

    Stripes(int owned, int shared) {
        this.owned = owned;
        this.shared = shared;
        stripes = new Stripe[owned + shared];
        create(owned); // so that one stripe exists even if the Java heap is full later
    }

    /// {@return stripes for the threads that the processors of this machine can run}
    static Stripes forThisMachine() {
        int cpus = Runtime.getRuntime().availableProcessors();
        int owned = Integer.highestOneBit(Math.clamp(8L * cpus, MIN_OWNED, MAX_OWNED));
        return new Stripes(owned, Integer.highestOneBit(2 * cpus));
    }

    /// Enters the stripe of the calling thread, or a shared one.
    ///
    /// @return the stripe, which the caller leaves with [Stripe#exit]
    Stripe enter() {
        long thread = Thread.currentThread().threadId();
        Stripe stripe = stripes[(int) thread & (owned - 1)];
        return stripe != null && stripe.owner() == thread ? stripe : enterElsewhere(thread);
    }

    /// {@return a stripe, created at first use, or null if the Java heap is full}
    private @Nullable Stripe stripe(int index) {
        Stripe stripe = (Stripe) STRIPE.getAcquire(stripes, index);
        if (stripe != null) {
            return stripe;
        }
        if (FullHeap.isLikely()) {
            return null;
        }
        long begin = System.nanoTime();
        try {
            return create(index);
        } catch (OutOfMemoryError e) {
            FullHeap.met(begin);
            return null;
        }
    }

    private synchronized Stripe create(int index) {
        Stripe existing = (Stripe) STRIPE.getAcquire(stripes, index);
        if (existing != null) {
            return existing;
        }
        Stripe made = new Stripe(index >= owned);
        Stripe[] all = Arrays.copyOf(active, active.length + 1);
        all[all.length - 1] = made;
        active = all; // before the stripe is used, so that its counts are seen
        STRIPE.setRelease(stripes, index, made);
        return made;
    }

    private static boolean claim(Stripe stripe, long thread) {
        if (FullHeap.isLikely()) {
            return false;
        }
        long begin = System.nanoTime();
        try {
            return stripe.claim(thread);
        } catch (OutOfMemoryError e) {
            FullHeap.met(begin);
            return false; // the caller uses a shared stripe instead
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
                // the thread inside lost its processor; Thread.yield would requeue a virtual thread last
                VirtualMemory.system().yieldProcessor();
            }
        }
    }

    /// {@return the number of windows in use, from the counts of all stripes}
    long used() {
        long used = 0;
        for (Stripe stripe : active) {
            used += stripe.share();
        }
        return used;
    }

    /// {@return the number of free records in all stripes}
    long records() {
        long records = 0;
        for (Stripe stripe : active) {
            records += stripe.records();
        }
        return records;
    }

    /// {@return the number of acquires that got a window, from the counts of all stripes}
    long uses() {
        long uses = 0;
        for (Stripe stripe : active) {
            uses += stripe.uses();
        }
        return uses;
    }
}
