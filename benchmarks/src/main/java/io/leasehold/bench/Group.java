package io.leasehold.bench;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Collectors;

/// The names that `-Dbench=` accepts. A group has JMH benchmarks, a scenario, or both.
enum Group {
    /// Buffers, compared with Netty's two allocators.
    ALLOCATOR("\\.Buffer\\w*Benchmark\\b"),
    /// Pages and runs of pages.
    PAGE("\\.Page\\w*Benchmark\\b"),
    /// Leases on pages.
    LEASE("\\.Lease\\w*Benchmark\\b"),
    /// A server under load.
    SERVER(""),
    /// The memory that allocators keep resident.
    MEMORY(""),
    /// The growth of costs with the amount of memory in use.
    GROWTH(""),
    /// The pool of receive pages (`JumboPool`).
    RING("\\.Jumbo\\w*Benchmark\\b"),
    /// File windows.
    WINDOW("\\.Window\\w*Benchmark\\b");

    private static final String ALL = "all";

    private final String regex;

    Group(String regex) {
        this.regex = regex;
    }

    /// {@return the groups that `name` stands for; empty if it is not the name of a group}
    static Optional<List<Group>> of(String name) {
        if (name.equals(ALL)) {
            return Optional.of(Arrays.stream(values()).filter(Group::isBuilt).toList());
        }
        return Arrays.stream(values())
                .filter(group -> group.title().equals(name))
                .findFirst()
                .map(List::of);
    }

    /// {@return all names that `-Dbench=` accepts, separated by commas}
    static String names() {
        return Arrays.stream(values()).map(Group::title).collect(Collectors.joining(", ", "", ", " + ALL));
    }

    /// {@return one regular expression for the JMH benchmarks of `groups`; empty if they have none}
    static String regex(List<Group> groups) {
        return groups.stream()
                .map(group -> group.regex)
                .filter(one -> !one.isEmpty())
                .collect(Collectors.joining("|"));
    }

    /// {@return true if the group has something to run}
    boolean isBuilt() {
        return !regex.isEmpty() || scenario(0, "").isPresent();
    }

    /// {@return true if the scenario of this group runs in a form}
    ///
    /// If all groups are selected, the shorter forms leave out the scenarios of the ring and of files, because they
    /// have no time for them. The growth benchmark takes a few seconds in `ci`. Its short form takes half as long as
    /// all other groups together.
    ///
    /// @param isAlone true if no other group is selected
    boolean runsIn(Form form, boolean isAlone) {
        return isAlone
                || switch (this) {
                    case RING, WINDOW -> form == Form.FULL;
                    case GROWTH -> form != Form.SHORT;
                    default -> true;
                };
    }

    /// {@return the scenario that runs besides the JMH benchmarks; empty if there is none}
    ///
    /// @param rounds number of rounds, or 0 for the number of the form
    /// @param question id of the only question that the growth benchmark asks, or an empty string for all
    Optional<Scenario> scenario(int rounds, String question) {
        return switch (this) {
            case SERVER -> Optional.of(new ServerPart(rounds));
            case WINDOW -> Optional.of(new FilePart(rounds));
            case MEMORY -> Optional.of(new MemoryPart());
            case GROWTH -> Optional.of(new GrowthPart(question));
            case RING -> Optional.of(new RingPart(rounds));
            default -> Optional.empty();
        };
    }

    /// {@return the name of the group in `-Dbench=`}
    String title() {
        return name().toLowerCase(Locale.ROOT);
    }
}
