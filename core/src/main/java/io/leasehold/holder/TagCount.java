package io.leasehold.holder;

import io.leasehold.memory.StripedCounter;
import org.jspecify.annotations.Nullable;

/// The exact number of blocks in use with one tag and one size. A block that was allocated on a tagged thread refers to
/// its count until it is released.
///
/// **Threads.** Thread-safe. [#add] and [#end] neither fail nor allocate. [#resized] may allocate. Test:
/// `ProfileStress`.
public final class TagCount implements Use {

    private final MemorySource source; // (C)
    private final Tag tag; // (C)
    private final int byteSize; // (C)
    private final StripedCounter blocks = new StripedCounter(); // (A)
    private final OfUnbound ofUnbound = new OfUnbound(this); // (C)

    /// The same count, as the use of a block whose object was unbound. A release sees by it that the object has to be
    /// bound again.
    ///
    /// @param count the count
    public record OfUnbound(TagCount count) implements Use {

        @Override
        public void end(Object user) {
            count.end(user);
        }
    }

    TagCount(MemorySource source, Tag tag, int byteSize) {
        this.source = source;
        this.tag = tag;
        this.byteSize = byteSize;
    }

    /// {@return the tag}
    public Tag tag() {
        return tag;
    }

    /// {@return the same count for a block whose object is unbound; never a new object}
    public OfUnbound ofUnbound() {
        return ofUnbound;
    }

    /// Counts a block that was allocated.
    public void add() {
        blocks.increment();
    }

    /// Counts a block that was released.
    ///
    /// @param user any object
    @Override
    public void end(Object user) {
        blocks.decrement();
    }

    /// Counts a block with another size from now on.
    ///
    /// @param newByteSize new size of the block in bytes
    /// @return the count to end when the block is released, or null if the source has too many counts
    public @Nullable TagCount resized(int newByteSize) {
        TagCount other = source.count(tag, newByteSize);
        if (other != null) {
            other.add();
        }
        blocks.decrement();
        return other;
    }

    boolean isOf(Tag otherTag, int otherByteSize) {
        return byteSize == otherByteSize && tag.equals(otherTag);
    }

    int byteSize() {
        return byteSize;
    }

    long blocks() {
        return blocks.sum();
    }
}
