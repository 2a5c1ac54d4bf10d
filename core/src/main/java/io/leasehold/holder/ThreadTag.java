package io.leasehold.holder;

import org.jspecify.annotations.Nullable;

/// The tag of the calling thread, under which its allocations are counted.
///
/// [#isUsed] is false until the first thread of the process sets a tag. Until then an allocation reads no thread-local
/// value. After that it looks up the tag of its thread, which takes some nanoseconds.
///
/// A thread keeps an array of the JDK with its tag and its innermost scope, both null if it
/// has none. So a pooled thread without a tag does not keep
/// the class loader of this library reachable.
///
/// **Threads.** Each thread sees its own tag. Virtual threads have their own, too.
public final class ThreadTag {

    private static final ThreadLocal<@Nullable Object[]> CURRENT = new ThreadLocal<>();

    private static boolean used; // (A) plain: a thread that set a tag sees its own write, and only that thread needs it

    private ThreadTag() {}

    /// {@return true if any thread of the process has set a tag; always true on a thread that has one}
    public static boolean isUsed() {
        return used;
    }

    /// {@return the tag of the calling thread, or null if it has none}
    public static @Nullable Tag current() {
        @Nullable Object[] cell = CURRENT.get();
        return cell == null ? null : (Tag) cell[0];
    }

    /// Sets the innermost scope of the calling thread, which has a tag or had one before.
    ///
    /// @param scope object that set the tag, or null for none
    /// @return the scope before, or null if there was none
    public static @Nullable Object scope(@Nullable Object scope) {
        @Nullable Object[] cell = CURRENT.get();
        if (cell == null) {
            return null;
        }
        Object before = cell[1];
        cell[1] = scope;
        return before;
    }

    /// {@return true if a scope is the innermost one of the calling thread}
    ///
    /// @param scope object that set a tag
    public static boolean isInnermost(Object scope) {
        @Nullable Object[] cell = CURRENT.get();
        return cell != null && scope.equals(cell[1]);
    }

    /// Sets the tag of the calling thread.
    ///
    /// @param tag the new tag, or null for none
    /// @return the tag before, or null if there was none
    public static @Nullable Tag set(@Nullable Tag tag) {
        @Nullable Object[] cell = CURRENT.get();
        if (cell == null) {
            if (tag == null) {
                return null;
            }
            cell = new Object[2];
            CURRENT.set(cell);
            used = true;
            EveryUse.recordTags();
        }
        Tag before = (Tag) cell[0];
        cell[0] = tag;
        return before;
    }
}
