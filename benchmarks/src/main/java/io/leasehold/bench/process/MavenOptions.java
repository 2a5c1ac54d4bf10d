package io.leasehold.bench.process;

import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/// The options that were typed for Maven, which starts this process.
public final class MavenOptions {

    private static final String MAVEN = "org.codehaus.plexus.classworlds.launcher.Launcher";

    private MavenOptions() {}

    /// {@return the arguments of the parent process, if it is Maven and the system tells them}
    public static Stream<String> typed() {
        return ProcessHandle.current()
                .parent()
                .flatMap(maven -> maven.info().arguments())
                .map(List::of)
                .filter(arguments -> arguments.contains(MAVEN))
                .stream()
                .flatMap(List::stream);
    }

    /// Checks that every typed option with a prefix exists. Maven itself ignores options that do not exist. It takes
    /// `-Dname`, `-D name`, `--define name` and `--define=name`, with one hyphen or two, and `--def` as well.
    ///
    /// @param prefix of the options, for example `bench.`
    /// @param names of the options that exist, without the prefix
    /// @throws IllegalArgumentException if an option does not exist
    public static void check(Stream<String> typed, String prefix, Set<String> names) {
        Pattern option = Pattern.compile("(?m)^(?:-D|--?de[a-z]*[=\n])\\s*" + Pattern.quote(prefix) + "([^=\n]*)");
        option.matcher(typed.collect(Collectors.joining("\n")))
                .results()
                .map(match -> match.group(1))
                .filter(name -> !names.contains(name))
                .findFirst()
                .ifPresent(name -> {
                    throw new IllegalArgumentException("unknown option: " + prefix + name + "; use one of "
                            + new TreeSet<>(names).stream().map(prefix::concat).toList());
                });
    }
}
