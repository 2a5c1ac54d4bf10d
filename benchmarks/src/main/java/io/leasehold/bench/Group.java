package io.leasehold.bench;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Collectors;

/// What `-Dbench=` can name: benchmarks of JMH, or a scenario, or what is still to come.
enum Group {
    /// Buffers, beside Netty's two allocators.
    ALLOCATOR("\\.Buffer\\w*Benchmark\\b"),
    /// Pages and runs of pages.
    PAGE("\\.Page\\w*Benchmark\\b"),
    /// Leases on pages.
    LEASE("\\.Lease\\w*Benchmark\\b"),
    /// A server under load.
    SERVER(""),
    /// What allocators hold.
    MEMORY(""),
    /// Whether costs grow with what is held.
    GROWTH(""),
    /// The receive ring.
    RING("\\.Jumbo\\w*Benchmark\\b"),
    /// The file windows.
    WINDOW("\\.Window\\w*Benchmark\\b");

    private static final String ALL = "all";

    private final String regex;

    Group(String regex) {
        this.regex = regex;
    }

    /// {@return the groups that `name` stands for; nothing if it is no name of a group}
    static Optional<List<Group>> of(String name) {
        if (name.equals(ALL)) {
            return Optional.of(Arrays.stream(values()).filter(Group::isBuilt).toList());
        }
        return Arrays.stream(values())
                .filter(group -> group.title().equals(name))
                .findFirst()
                .map(List::of);
    }

    /// {@return every name that `-Dbench=` takes}
    static String names() {
        return Arrays.stream(values()).map(Group::title).collect(Collectors.joining(", ", "", ", " + ALL));
    }

    /// {@return the names of JMH's benchmarks in `groups`, as one regular expression; empty if there are none}
    static String regex(List<Group> groups) {
        return groups.stream()
                .map(group -> group.regex)
                .filter(one -> !one.isEmpty())
                .collect(Collectors.joining("|"));
    }

    /// {@return whether there is anything to run}
    boolean isBuilt() {
        return !regex.isEmpty() || scenario(0, "").isPresent();
    }

    /// {@return true if the scenario of this group runs in a form}
    ///
    /// Where all groups are asked for, the shorter forms have no room for the scenarios of the ring and of files. The
    /// growth benchmark takes a few seconds in `ci`; its short form is half as long as all the others together.
    ///
    /// @param isAlone whether it alone is asked for
    boolean hasRoom(Form form, boolean isAlone) {
        return isAlone
                || switch (this) {
                    case RING, WINDOW -> form == Form.FULL;
                    case GROWTH -> form != Form.SHORT;
                    default -> true;
                };
    }

    /// {@return what it runs besides JMH's benchmarks}
    ///
    /// @param rounds how many, or 0 for as many as the form says
    /// @param question the only one that the growth benchmark asks, or an empty text for all
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

    /// {@return what `-Dbench=` calls it}
    String title() {
        return name().toLowerCase(Locale.ROOT);
    }
}
