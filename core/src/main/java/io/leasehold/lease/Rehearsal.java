package io.leasehold.lease;

/// Opens and closes leases that belong to no pool, once, before the first pool opens.
///
/// The JVM makes objects when a class calls a method handle for the first time. With a full Java heap the call fails,
/// also in the middle of a release: the record is closed then, and its window or page is lost. A process may release
/// its first lease when its heap is full. After the rehearsal the calls of a release need no Java heap.
///
/// **Threads.** Thread-safe. Two threads may rehearse at once, each with objects of its own.
final class Rehearsal {

    private static final int LEASES = 2 * Stripe.CAPACITY;
    private static final long PAGE = 8;

    private static volatile boolean isDone; // (A)

    private Rehearsal() {}

    static void runOnce() {
        if (!isDone) {
            rehearseRecords(new Stripes(1, 1), new LeaseRecords(1, "rehearsal", null));
            rehearseSharedStripe(new Stripe(true));
            rehearseWindow(new WindowSlots(1), 0);
            isDone = true;
        }
    }

    /// Takes and gives records until the table of records is used too.
    private static void rehearseRecords(Stripes stripes, LeaseRecords records) {
        long[] leases = new long[LEASES];
        for (int i = 0; i < LEASES; i++) {
            long lease = records.take(stripes);
            long use = i % 2 == 0 ? LeaseLayout.SHARED : LeaseLayout.confinedUse();
            records.open(records.prepare(lease, PAGE, PAGE), lease, use);
            leases[i] = records.handOver(lease);
        }
        for (long lease : leases) {
            long next = LeaseLayout.next(lease);
            Stripe stripe = stripes.enter();
            long prepared = stripe.prepare(next);
            records.close(lease, records.page(lease));
            int spilled = RecordTable.NONE;
            if (prepared != Stripe.FULL) {
                stripe.pushPrepared(prepared);
            } else {
                spilled = records.keep(next, stripe);
            }
            stripe.exit();
            records.give(spilled);
        }
        records.checkInvariants(stripes);
    }

    private static void rehearseSharedStripe(Stripe stripe) {
        boolean isEntered = stripe.tryEnter();
        assert isEntered;
        if (stripe.activated()) {
            stripe.allow(1);
        }
        stripe.rejoined();
        stripe.idled();
        stripe.exit();
        assert stripe.uses() == 2 && stripe.share() == 0;
    }

    private static void rehearseWindow(WindowSlots slots, int slot) {
        boolean isTaken = slots.tryTake(slot, slots.word(slot));
        assert isTaken;
        slots.link(slot, PAGE);
        slots.finish(slot);
        int leases = slots.tryJoin(slots.find(PAGE), PAGE);
        for (int i = 0; i < leases; i++) {
            slots.leave(slot, i);
        }
        if (slots.tryQueue(slot)) {
            slots.arrive(slot);
        }
        assert slots.pollArrival() == slot && !slots.hasArrivals();
        boolean isUnqueued = slots.tryUnqueue(slot, slots.word(slot));
        assert isUnqueued;
    }
}
