package io.leasehold.holder;

import io.leasehold.text.Texts;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import org.jspecify.annotations.Nullable;

/// The name of a holder of memory: a component, a customer, a route. Tags with equal names are equal.
///
/// The process keeps at most [#MAX_TAGS] tags of threads, and never removes them. Each name beyond that number is
/// [#OTHER], so that names made from requests cannot fill the Java heap. The tag of a source lives as long as the
/// source.
///
/// Control characters in a name become `?`, so that a name is one line in every table.
///
/// **Threads.** Thread-safe.
public final class Tag {

    /// Maximum number of tags of the process.
    public static final int MAX_TAGS = 1_000;

    /// Maximum length of a name in characters.
    public static final int MAX_NAME_LENGTH = 100;

    private static final ConcurrentMap<String, Tag> TAGS = new ConcurrentHashMap<>();

    /// The tag in place of all names beyond the limit.
    public static final Tag OTHER = of("other");

    private final String name; // (C)

    private Tag(String name) {
        this.name = Texts.oneLine(name);
    }

    /// {@return the tag of a source}
    ///
    /// @param text tag in the options of the source, or its name; the first [#MAX_NAME_LENGTH] characters are used
    static Tag ofSource(String text) {
        return new Tag(text.substring(0, Math.min(text.length(), MAX_NAME_LENGTH)));
    }

    /// {@return the tag with a name, or [#OTHER] if the process has too many tags}
    ///
    /// @param name name of the holder
    /// @throws IllegalArgumentException if the name is blank, or longer than [#MAX_NAME_LENGTH] characters
    public static Tag of(String name) {
        Tag known = TAGS.get(Objects.requireNonNull(name, "tag is null"));
        if (known != null) {
            return known;
        }
        check(name);
        if (TAGS.size() >= MAX_TAGS) { // a race adds a few more at most
            return OTHER;
        }
        return TAGS.computeIfAbsent(name, Tag::new);
    }

    /// Checks a name without making a tag.
    ///
    /// @param name name of a holder, or null
    /// @throws IllegalArgumentException if the name is blank, or longer than [#MAX_NAME_LENGTH] characters
    public static void check(@Nullable String name) {
        if (name != null && name.isBlank()) {
            throw new IllegalArgumentException("tag is blank: tag=\"" + name + "\"");
        }
        if (name != null && name.length() > MAX_NAME_LENGTH) {
            throw new IllegalArgumentException("tag is too long: tag=" + name.substring(0, MAX_NAME_LENGTH)
                    + "..., length=" + name.length() + ", max=" + MAX_NAME_LENGTH);
        }
    }

    /// {@return the name}
    public String name() {
        return name;
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof Tag tag && tag.name.equals(name);
    }

    @Override
    public int hashCode() {
        return name.hashCode();
    }

    @Override
    public String toString() {
        return name;
    }
}
