package io.leasehold.observe;

import io.leasehold.holder.Tag;
import io.leasehold.holder.ThreadTag;
import org.jspecify.annotations.Nullable;

/// The time in which a thread allocates memory for a named holder.
///
/// ```java
/// try (Holder holder = Holder.tag("cache")) {
///     cache.put(key, allocator.directBuffer(4096).writeBytes(value));
/// }
/// ```
///
/// The buffers that the thread allocates until [#close()] count under the tag until they are released, by any thread.
/// An allocator, arena or pool that the thread opens in that time belongs to the holder for as long as it is open,
/// unless it has a tag of its own. Tags nest: the innermost one counts. A task that the thread starts on another thread
/// does not inherit the tag.
///
/// **Cost.** An allocation with a tag looks up the count of its tag and size, and adds to it. The release subtracts
/// from it. Neither takes Java heap once the count exists. From the first tag of the process on, each
/// allocation looks up the tag of its thread, which takes some nanoseconds. Before that, tags cost nothing.
///
/// **Ownership, threads.** The thread that opened a holder closes it, in the reverse order of opening.
public final class Holder implements AutoCloseable {

    private final Thread thread = Thread.currentThread(); // (C)
    private final Tag tag; // (C)
    private final @Nullable Tag before; // (C)
    private final @Nullable Object outer; // (C) the scope around this one
    private boolean closed; // (O)

    private Holder(Tag tag) {
        this.tag = tag;
        this.before = ThreadTag.set(tag);
        this.outer = ThreadTag.scope(this);
    }

    /// Sets the tag of the calling thread.
    ///
    /// @param name name of the holder, at most 100 characters. The process has at most 1,000 names; each name beyond
    ///     that number counts as `other`
    /// @return the scope of the tag, to be closed by this thread
    /// @throws IllegalArgumentException if the name is blank or too long
    public static Holder tag(String name) {
        return new Holder(Tag.of(name));
    }

    /// Restores the tag that the thread had before. Closing twice has no effect.
    ///
    /// @throws IllegalStateException if another thread opened this holder, or a holder inside it is still open; nothing
    ///     is changed then
    @Override
    public void close() {
        if (closed) {
            return;
        }
        if (!thread.equals(Thread.currentThread())) {
            throw new IllegalStateException("holder belongs to another thread: tag=" + tag + ", thread="
                    + thread.getName() + "; close it there");
        }
        Tag current = ThreadTag.current();
        if (!ThreadTag.isInnermost(this) || !tag.equals(current)) {
            throw new IllegalStateException("holder is not the innermost one: tag=" + tag + ", innermost=" + current
                    + "; close that one first");
        }
        closed = true;
        ThreadTag.set(before);
        ThreadTag.scope(outer);
    }

    @Override
    public String toString() {
        return "Holder(" + tag + ")";
    }
}
