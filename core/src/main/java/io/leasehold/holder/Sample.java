package io.leasehold.holder;

import io.leasehold.text.Texts;
import java.lang.ref.WeakReference;
import org.jspecify.annotations.Nullable;

/// A block that was chosen by its bytes. It stands for `weight` blocks of its size.
///
/// The sample refers to the user of the block weakly. If the collector finds the user lost while the sample is live,
/// the block leaked.
///
/// **Threads.** Thread-safe. The volatile write of `touch` publishes the place to [Site#of]. Test: `ProfileStress`.
public final class Sample extends WeakReference<Object> {

    private static final int MAX_TOUCH_LENGTH = 200;

    private final MemorySource source; // (C)
    private final Tag tag; // (C)
    private final int byteSize; // (C)
    private final double weight; // (C)
    private final CallStack stack; // (C)
    private final long bornNanos; // (C)
    private volatile @Nullable String touch; // (A)

    Sample(Object user, MemorySource source, Tag tag, int byteSize, double weight, CallStack stack, long bornNanos) {
        super(user);
        this.source = source;
        this.tag = tag;
        this.byteSize = byteSize;
        this.weight = weight;
        this.stack = stack;
        this.bornNanos = bornNanos;
    }

    /// Removes this sample from the live ones, because its block was released or has another size now.
    public void end() {
        source.remove(this);
    }

    /// Records that the user of the block reached a place. The last place is kept.
    ///
    /// @param place description of the place; the first 200 characters are kept
    public void touch(String place) {
        touch = place.length() > MAX_TOUCH_LENGTH ? place.substring(0, MAX_TOUCH_LENGTH) : place;
    }

    /// {@return the last place, or null if none was recorded}
    @Nullable String lastTouch() {
        String last = touch;
        return last == null ? null : Texts.oneLine(last);
    }

    /// {@return true if the user of the block was collected although the block was not released}
    boolean isLost() {
        return refersTo(null);
    }

    MemorySource source() {
        return source;
    }

    Tag tag() {
        return tag;
    }

    int byteSize() {
        return byteSize;
    }

    double weight() {
        return weight;
    }

    /// {@return the bytes that this sample stands for; the same number at each call}
    long estimatedBytes() {
        return Math.round(weight * byteSize);
    }

    CallStack stack() {
        return stack;
    }

    long bornNanos() {
        return bornNanos;
    }
}
