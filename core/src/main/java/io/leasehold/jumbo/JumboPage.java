package io.leasehold.jumbo;

import static io.leasehold.jumbo.JumboLayout.ARMED;
import static io.leasehold.jumbo.JumboLayout.DEFERRED_FREE;
import static io.leasehold.jumbo.JumboLayout.FLIPPED;
import static io.leasehold.jumbo.JumboLayout.INACTIVE;
import static io.leasehold.jumbo.JumboLayout.LEASED;
import static io.leasehold.jumbo.JumboLayout.ONCE_FLIPPED;
import static io.leasehold.jumbo.JumboLayout.ONE_HOLD;
import static io.leasehold.jumbo.JumboLayout.STOLEN;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import org.jspecify.annotations.Nullable;

/// One page: where it is, who has it, and the object that stands for it. It lives as long as its slab.
///
/// **Threads.** Every change of state is one compare-and-set of the word, except those by who alone can have a free
/// page: lending it changes nothing, taking it out of service stores. So of two racing frees one fails, and it fails
/// before the page is pushed anywhere.
///
/// **Memory order.** What a holder wrote comes to the next one by the way that the page was handed on: the cell of a
/// pool, the lock of the slab pool, or the same thread. The compare-and-set publishes to whoever fails at his own.
///
/// **Invariants.** I1: the word of a page that is free or retired has no holds. I2: a generation that was given out in
/// a handle is never given out again, before the counter wraps.
///
/// @param <T> what pages are lent as
final class JumboPage<T> {

    /// The page came home: whoever freed it pushes it.
    static final int FREED = 0;

    /// The page waits for those who hold it.
    static final int DEFERRED = 1;

    /// Only the message was freed: the page is its consumer's.
    static final int MESSAGE_FREED = 2;

    /// The consumer gave the page back before the message was freed.
    static final int UNFLIPPED = 3;

    /// The handle that is none.
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
    private volatile long word; // (A) compare-and-set; release store when at home
    private long lastThread; // (A) racy on purpose: it tells of misuse, and misuse races
    private int ownerShard; // (O) the holder; the shard that owns the page, or `NO_SHARD`
    private @Nullable T object; // (O) holder

    /// A page that is not in service yet.
    JumboPage(int index, long address, long life) {
        this.index = index;
        this.address = address;
        this.word = life | INACTIVE;
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

    /// {@return the shard whose page it is, as whoever took or freed it may ask}
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

    /// {@return the handle of the life that begins when a free page is lent: nobody has it before}
    long nextHandle() {
        return JumboLayout.handle((long) WORD.get(this), index);
    }

    /// Ends a life, of which exactly one of any number of callers succeeds.
    ///
    /// @return [#FREED], [#DEFERRED] or [#MESSAGE_FREED]
    int free(long handle, JumboErrors errors) {
        return tryFree(handle) ? FREED : freeSlow(handle, errors);
    }

    /// {@return whether it came home by that, as a page does that is leased, not held, and not flipped in this life}
    boolean tryFree(long handle) {
        long leased = JumboLayout.leasedWord(handle);
        return set(leased, JumboLayout.after(leased, 1));
    }

    private int freeSlow(long handle, JumboErrors errors) {
        while (true) {
            long now = word;
            boolean sameLife = JumboLayout.isSameLife(now, handle);
            long next;
            int outcome;
            if (sameLife && JumboLayout.is(now, LEASED)) {
                boolean held = JumboLayout.holds(now) > 0;
                next = held ? now + (DEFERRED_FREE - LEASED) : JumboLayout.freed(now);
                outcome = held ? DEFERRED : FREED;
            } else if (sameLife && JumboLayout.is(now, FLIPPED)) {
                next = JumboLayout.after(JumboLayout.life(now), 1) | STOLEN;
                outcome = MESSAGE_FREED;
            } else {
                throw errors.refused("release", this, handle, now);
            }
            if (set(now, next)) {
                return outcome;
            }
        }
    }

    /// Arms the page, or takes it back from the kernel.
    ///
    /// @return true if that was done; else [#requireArmable] says why not
    boolean tryArm(long handle, boolean isArmed) {
        long leased = JumboLayout.leasedWord(handle);
        long armed = leased + (ARMED - LEASED);
        return isArmed ? set(leased, armed) : set(armed, leased);
    }

    /// Refuses a page for which [#tryArm] can do nothing.
    void requireArmable(long handle, boolean isArmed, JumboErrors errors) {
        long expected = JumboLayout.leasedWord(handle) + (isArmed ? 0 : ARMED - LEASED);
        refuseUnless(expected, isArmed ? "arm" : "receive", handle, errors);
    }

    void hold(long handle, JumboErrors errors) {
        long now;
        do {
            now = word;
            if (!JumboLayout.isSameLife(now, handle) || !JumboLayout.is(now, LEASED)) {
                throw errors.refused("hold", this, handle, now);
            }
            if (JumboLayout.holds(now) == JumboLayout.MAX_HOLDS) {
                throw errors.tooManyHolds(this, handle, now);
            }
        } while (!set(now, now + ONE_HOLD));
    }

    /// {@return whether that was the last hold of a page that was freed before, which came home by it}
    boolean unhold(long handle, JumboErrors errors) {
        while (true) {
            long now = word;
            boolean held = JumboLayout.is(now, DEFERRED_FREE);
            if (!JumboLayout.isSameLife(now, handle)
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

    /// Makes it the caller's.
    ///
    /// @return the handle of its new life
    long steal(long handle, JumboErrors errors) {
        long leased = JumboLayout.leasedWord(handle);
        long stolen = JumboLayout.after(leased - LEASED + STOLEN, 1);
        while (!set(leased, stolen)) {
            refuseUnless(leased, "steal", handle, errors);
        }
        return JumboLayout.handle(stolen, index);
    }

    /// Makes it a consumer's, while the message that it came with still goes about under the old handle.
    ///
    /// @return the consumer's handle, or [#NONE] if the page is held or was flipped before
    long tryFlip(long handle) {
        long leased = JumboLayout.leasedWord(handle);
        if (!set(leased, leased + (FLIPPED - LEASED))) {
            return NONE;
        }
        return JumboLayout.after(handle, 1);
    }

    /// {@return whether [#tryFlip] would do it}
    boolean isFlippable(long handle) {
        return word == JumboLayout.leasedWord(handle);
    }

    /// Refuses a page that its holder may not read now: others write to it, or it is not his any more.
    void requireLeased(String what, long handle, JumboErrors errors) {
        long now = word;
        if (!JumboLayout.isSameLife(now, handle) || !JumboLayout.is(now, LEASED)) {
            throw errors.refused(what, this, handle, now);
        }
    }

    /// Takes it back from whoever owns it.
    ///
    /// @return [#FREED] or [#UNFLIPPED]
    int adopt(long handle, JumboErrors errors) {
        long stolen = JumboLayout.life(handle) | STOLEN;
        long flipped = JumboLayout.after(JumboLayout.life(handle), -1) | FLIPPED;
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

    /// Takes a free page out of service, or puts it in, whom nobody else has now.
    void setInService(boolean inService) {
        WORD.setRelease(this, JumboLayout.life((long) WORD.get(this)) | (inService ? LEASED : INACTIVE));
    }

    /// {@return the handle that it is out by, or [#NONE]; that of its next life if it is free}
    long handle() {
        long now = word;
        return JumboLayout.is(now, DEFERRED_FREE) || JumboLayout.is(now, INACTIVE)
                ? NONE
                : JumboLayout.handle(now, index);
    }

    /// {@return whether nobody does more with it than one holder, if there is one}
    boolean isFreeOrLeased() {
        return word == JumboLayout.leasedWord(word);
    }

    /// {@return whether a handle is good for reading and writing the page}
    boolean isUsable(long handle) {
        long now = word;
        if (JumboLayout.isSameLife(now, handle)) {
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

    /// Notes who has it: whoever changed its state last, or took it from the slab pool. Lending it from the stock of a
    /// thread notes nothing.
    void touch() {
        lastThread = Thread.currentThread().threadId();
    }

    /// Returns if whoever was in the way is gone by now, and the step can be tried again.
    private void refuseUnless(long expected, String what, long handle, JumboErrors errors) {
        long now = word;
        if (now != expected) {
            throw errors.refused(what, this, handle, now);
        }
    }

    @Override
    public String toString() {
        return "JumboPage(page=%d, state=%s, generation=%d, holds=%d, last thread=%d)"
                .formatted(
                        index,
                        JumboLayout.state(word),
                        JumboLayout.generation(word),
                        JumboLayout.holds(word),
                        lastThread);
    }
}
