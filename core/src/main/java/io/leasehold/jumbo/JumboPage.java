package io.leasehold.jumbo;

import static io.leasehold.jumbo.JumboLayout.ARMED;
import static io.leasehold.jumbo.JumboLayout.DEFERRED_FREE;
import static io.leasehold.jumbo.JumboLayout.FLIPPED;
import static io.leasehold.jumbo.JumboLayout.INACTIVE;
import static io.leasehold.jumbo.JumboLayout.LEASED;
import static io.leasehold.jumbo.JumboLayout.ONCE_FLIPPED;
import static io.leasehold.jumbo.JumboLayout.ONE_HOLD;
import static io.leasehold.jumbo.JumboLayout.STOLEN;
import static io.leasehold.text.Texts.format;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import org.jspecify.annotations.Nullable;

/// One page: its number, its address, its state word and its object. A page object exists as long as its slab.
///
/// **Threads.** Every change of state is one compare-and-set of `word`. Two changes are exceptions: allocating a free
/// page changes nothing, and [#setInService] stores, because no other thread can use the page then. So of two racing
/// frees one fails, and it fails before the page is pushed anywhere.
///
/// **Memory order.** What a holder wrote to the page is published by the step that hands the page on: the store into a
/// cell of a queue (release), or the lock of the slab pool. A page in a magazine stays in its slot, which one thread at
/// a time enters. The compare-and-set of `word` publishes the change to a thread whose compare-and-set fails.
/// `JumboStress` checks it.
///
/// **Invariants.** I1: the word of a page that is free or inactive has no holds. I2: a generation that was used in a
/// handle is not used again before the counter wraps.
///
/// @param <T> the type of the object that stands for a page
final class JumboPage<T> {

    /// Outcome: the page is free, and the caller pushes it to its place.
    static final int FREED = 0;

    /// Outcome: the free is deferred until the page is not held.
    static final int DEFERRED = 1;

    /// Outcome: only the message was freed, because the page was flipped and belongs to its consumer.
    static final int MESSAGE_FREED = 2;

    /// Outcome: the consumer gave the page back before the message was freed.
    static final int UNFLIPPED = 3;

    /// In place of a handle: no page.
    static final long NONE = -1;

    private static final VarHandle WORD;

    static {
        try {
            WORD = MethodHandles.lookup()
                    .findVarHandle(JumboPage.class, "word", long.class)
                    .withInvokeExactBehavior();
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    private final int index; // (C)
    private final long address; // (C)
    private volatile long word; // (A) compare-and-set; release store while no other thread uses the page
    private long lastThread; // (A) racy on purpose: it reports misuse, and misuse races
    private int ownerShard; // (O) the holder; the shard that owns the page, or `NO_SHARD`
    private @Nullable T object; // (O) holder

    /// Creates a page that is inactive.
    ///
    /// @param generationAndTag the generation and tag of its first word
    JumboPage(int index, long address, long generationAndTag) {
        this.index = index;
        this.address = address;
        this.word = generationAndTag | INACTIVE;
    }

    int index() {
        return index;
    }

    long address() {
        return address;
    }

    long word() {
        return word;
    }

    long lastThread() {
        return lastThread;
    }

    /// {@return the shard that owns the page, or `Shards.NO_SHARD`} Called by the thread that allocated or freed the
    /// page.
    int ownerShard() {
        return ownerShard;
    }

    void setOwnerShard(int shard) {
        ownerShard = shard;
    }

    @Nullable T object() {
        return object;
    }

    void bind(@Nullable T bound) {
        object = bound;
    }

    /// {@return the handle that the next allocation of a free page returns; no thread has the handle yet}
    long nextHandle() {
        return JumboLayout.handle((long) WORD.get(this), index);
    }

    /// Frees a page. Of several callers with one handle exactly one succeeds.
    ///
    /// @return [#FREED], [#DEFERRED] or [#MESSAGE_FREED]
    int free(long handle, JumboErrors errors) {
        return tryFree(handle) ? FREED : freeSlow(handle, errors);
    }

    /// {@return true if the page was freed: it was leased, not held, and not flipped in this generation}
    boolean tryFree(long handle) {
        long leased = JumboLayout.leasedWord(handle);
        return set(leased, JumboLayout.after(leased, 1));
    }

    private int freeSlow(long handle, JumboErrors errors) {
        while (true) {
            long now = word;
            boolean sameGeneration = JumboLayout.isSameGeneration(now, handle);
            long next;
            int outcome;
            if (sameGeneration && JumboLayout.is(now, LEASED)) {
                boolean held = JumboLayout.holds(now) > 0;
                next = held ? now + (DEFERRED_FREE - LEASED) : JumboLayout.freed(now);
                outcome = held ? DEFERRED : FREED;
            } else if (sameGeneration && JumboLayout.is(now, FLIPPED)) {
                next = JumboLayout.after(JumboLayout.generationAndTag(now), 1) | STOLEN;
                outcome = MESSAGE_FREED;
            } else {
                throw errors.refused("free", this, handle, now);
            }
            if (set(now, next)) {
                return outcome;
            }
        }
    }

    /// Arms a page, or receives it from the kernel.
    ///
    /// @return true if the state was changed; else [#requireArmable] throws the reason
    boolean tryArm(long handle, boolean isArmed) {
        long leased = JumboLayout.leasedWord(handle);
        long armed = leased + (ARMED - LEASED);
        return isArmed ? set(leased, armed) : set(armed, leased);
    }

    /// Throws the reason why [#tryArm] failed.
    void requireArmable(long handle, boolean isArmed, JumboErrors errors) {
        long expected = JumboLayout.leasedWord(handle) + (isArmed ? 0 : ARMED - LEASED);
        refuseUnless(expected, isArmed ? "arm" : "receive", handle, errors);
    }

    void hold(long handle, JumboErrors errors) {
        long now;
        do {
            now = word;
            if (!JumboLayout.isSameGeneration(now, handle) || !JumboLayout.is(now, LEASED)) {
                throw errors.refused("hold", this, handle, now);
            }
            if (JumboLayout.holds(now) == JumboLayout.MAX_HOLDS) {
                throw errors.tooManyHolds(this, handle, now);
            }
        } while (!set(now, now + ONE_HOLD));
    }

    /// Removes one hold.
    ///
    /// @return true if this completed a deferred free
    boolean unhold(long handle, JumboErrors errors) {
        while (true) {
            long now = word;
            boolean held = JumboLayout.is(now, DEFERRED_FREE);
            if (!JumboLayout.isSameGeneration(now, handle)
                    || JumboLayout.holds(now) == 0
                    || !(held || JumboLayout.is(now, LEASED))) {
                throw errors.refused("unhold", this, handle, now);
            }
            boolean isLast = held && JumboLayout.holds(now) == 1;
            if (set(now, isLast ? JumboLayout.freed(now) : now - ONE_HOLD)) {
                return isLast;
            }
        }
    }

    /// Steals a page: the caller becomes its owner.
    ///
    /// @return the handle of the next generation, for the owner
    long steal(long handle, JumboErrors errors) {
        long leased = JumboLayout.leasedWord(handle);
        long stolen = JumboLayout.after(leased - LEASED + STOLEN, 1);
        while (!set(leased, stolen)) {
            refuseUnless(leased, "steal", handle, errors);
        }
        return JumboLayout.handle(stolen, index);
    }

    /// Flips a page: a consumer becomes its owner, while the old handle stays valid for the message.
    ///
    /// @return the handle of the consumer, or [#NONE] if the page is not leased, is held, or was flipped in this
    ///     generation
    long tryFlip(long handle) {
        long leased = JumboLayout.leasedWord(handle);
        if (!set(leased, leased + (FLIPPED - LEASED))) {
            return NONE;
        }
        return JumboLayout.after(handle, 1);
    }

    /// {@return true if [#tryFlip] would succeed}
    boolean isFlippable(long handle) {
        return word == JumboLayout.leasedWord(handle);
    }

    /// Throws unless the page is leased in the generation of a handle. The holder of another page may not read it now.
    void requireLeased(String what, long handle, JumboErrors errors) {
        long now = word;
        if (!JumboLayout.isSameGeneration(now, handle) || !JumboLayout.is(now, LEASED)) {
            throw errors.refused(what, this, handle, now);
        }
    }

    /// Takes a page back from its owner.
    ///
    /// @return [#FREED] or [#UNFLIPPED]
    int adopt(long handle, JumboErrors errors) {
        long stolen = JumboLayout.generationAndTag(handle) | STOLEN;
        long flipped = JumboLayout.after(JumboLayout.generationAndTag(handle), -1) | FLIPPED;
        while (true) {
            long now = word;
            if (now == stolen) {
                if (set(now, JumboLayout.freed(now))) {
                    return FREED;
                }
            } else if (now == flipped) {
                if (set(now, now + (LEASED - FLIPPED) | ONCE_FLIPPED)) {
                    return UNFLIPPED;
                }
            } else {
                throw errors.refused("adopt", this, handle, now);
            }
        }
    }

    /// Makes a free page inactive, or an inactive page free. No other thread uses the page now.
    void setInService(boolean inService) {
        WORD.setRelease(this, JumboLayout.generationAndTag((long) WORD.get(this)) | (inService ? LEASED : INACTIVE));
    }

    /// {@return the current handle, or [#NONE] if the page is inactive or its free is deferred; the next handle if the
    /// page is free}
    long handle() {
        long now = word;
        return JumboLayout.is(now, DEFERRED_FREE) || JumboLayout.is(now, INACTIVE)
                ? NONE
                : JumboLayout.handle(now, index);
    }

    /// {@return true if the page is free, or is leased, not held, and was not flipped in this generation}
    boolean isFreeOrLeased() {
        return word == JumboLayout.leasedWord(word);
    }

    /// {@return true if the page may be read and written with a handle}
    boolean isUsable(long handle) {
        long now = word;
        if (JumboLayout.isSameGeneration(now, handle)) {
            return !JumboLayout.is(now, INACTIVE);
        }
        return JumboLayout.is(now, FLIPPED) && JumboLayout.age(now, handle) == -1;
    }

    private boolean set(long expected, long next) {
        long thread = Thread.currentThread().threadId();
        if (WORD.compareAndSet(this, expected, next)) {
            lastThread = thread; // after the change nothing may fail
            return true;
        }
        return false;
    }

    /// Records the current thread as the last user: the thread that changed the state, or took the page from the slab
    /// pool. An allocation from a magazine records nothing.
    void touch() {
        lastThread = Thread.currentThread().threadId();
    }

    /// Throws unless the word has the expected value by now, so that the step can be tried again.
    private void refuseUnless(long expected, String what, long handle, JumboErrors errors) {
        long now = word;
        if (now != expected) {
            throw errors.refused(what, this, handle, now);
        }
    }

    @Override
    public String toString() {
        return format(
                "JumboPage(page=%d, state=%s, generation=%d, holds=%d, lastThread=%d)",
                index, JumboLayout.state(word), JumboLayout.generation(word), JumboLayout.holds(word), lastThread);
    }
}
