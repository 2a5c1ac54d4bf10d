package io.leasehold.bench;

import io.leasehold.bench.process.MavenOptions;
import io.leasehold.bench.subject.Allocators;
import io.leasehold.bench.subject.Form;
import io.leasehold.bench.subject.Named;
import io.leasehold.bench.subject.UnnamedFile;
import io.netty.buffer.ByteBufAllocator;
import java.io.File;
import java.io.IOException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.UnaryOperator;
import java.util.jar.JarFile;
import java.util.stream.Stream;

/// The options of a run, checked. The README has a table of them.
///
/// @param bench a group, a regular expression that is found in names of benchmarks, or `report`
/// @param form duration of the run
/// @param params values of parameters by name; `question` is a growth question, and `scenario` a memory scenario
/// @param rounds number of rounds; 0 for the number of the form
/// @param results folder of the results
/// @param baseline folder of an earlier run that this one is compared with; empty for none
/// @param rival full name of the class of an allocator from outside; empty for none
/// @param command that was typed, without options that are specific to this machine
record Options(
        String bench,
        Form form,
        Map<String, String> params,
        int rounds,
        Path results,
        Optional<Path> baseline,
        String rival,
        String command) {

    /// The value of [#bench] with which nothing is measured.
    static final String REPORT = "report";

    private static final int MAX_ROUNDS = 1000;

    /// The options that have no meaning for a value of `bench`.
    private static final Map<String, List<String>> UNUSED = Map.of(
            REPORT,
            List.of("bench.params", "bench.rounds", "bench.rival", "bench.rival.jar", "bench.dir"),
            Group.GROWTH.text(),
            List.of("bench.rounds"));

    /// The options besides `bench`, without their prefix.
    static final Set<String> NAMES =
            Set.of("baseline", "dir", "params", "results", "rival", "rival.jar", "rounds", "time");

    /// {@return the options of this process}
    ///
    /// @param property reads a property; an empty or missing one has its default
    /// @param typed arguments of Maven, which may have options that do not exist
    /// @throws IllegalArgumentException if an option is wrong, in one sentence
    static Options parse(UnaryOperator<String> property, Stream<String> typed) {
        MavenOptions.check(typed, "bench.", NAMES);
        // Maven runs this class in the module, so folders are relative to the one in which Maven was started.
        Path root = Path.of(property.apply("bench.root"));
        String bench = or(property.apply("bench"), "all");
        UNUSED.getOrDefault(bench, List.of()).forEach(name -> checkUnused(bench, name, property.apply(name)));
        Form form = Named.of(Form.class, "form", "bench.time", or(property.apply("bench.time"), "short"));
        int rounds = rounds(property.apply("bench.rounds"));
        Path results = root.resolve(or(property.apply("bench.results"), "target/report"));
        checkResults(results, bench.equals(REPORT));
        dir(property.apply("bench.dir"), root);
        Optional<Path> baseline = Optional.of(property.apply("bench.baseline"))
                .filter(text -> !text.isEmpty())
                .map(root::resolve);
        baseline.filter(folder -> !hasResults(folder)).ifPresent(folder -> {
            throw new IllegalArgumentException("not a folder of results: bench.baseline=" + folder);
        });
        return new Options(
                bench,
                form,
                params(property.apply("bench.params")),
                rounds,
                results,
                baseline,
                rival(property.apply("bench.rival"), property.apply("bench.rival.jar"), root),
                command(property, bench));
    }

    /// Checks that a folder can be written, and that it has no files of others, which a run would replace.
    private static void checkResults(Path folder, boolean isReport) {
        if (isReport && !hasResults(folder)) {
            throw new IllegalArgumentException("not a folder of results: bench.results=" + folder);
        }
        if (Files.exists(folder) && !(Files.isDirectory(folder) && Files.isWritable(folder))) {
            throw new IllegalArgumentException("not a folder that can be written: bench.results=" + folder);
        }
        String[] names = folder.toFile().list();
        if (names != null && names.length > 0 && !hasResults(folder)) {
            throw new IllegalArgumentException("folder has other files than results: bench.results=" + folder
                    + ", files=" + names.length + ", max=0; use an empty folder");
        }
    }

    private static boolean hasResults(Path folder) {
        return Files.isRegularFile(folder.resolve("machine.json"));
    }

    private static void checkUnused(String bench, String name, String value) {
        if (!value.isEmpty()) {
            throw new IllegalArgumentException(
                    "option has no meaning here: " + name + "=" + value + ", bench=" + bench + "; leave it out");
        }
    }

    private static String or(String value, String otherwise) {
        return value.isEmpty() ? otherwise : value;
    }

    private static int rounds(String text) {
        if (text.isEmpty()) {
            return 0;
        }
        if (!text.matches("\\d{1,4}") || Integer.parseInt(text) < 1 || Integer.parseInt(text) > MAX_ROUNDS) {
            throw new IllegalArgumentException(
                    "not a number of rounds: bench.rounds=" + text + ", min=1, max=" + MAX_ROUNDS);
        }
        return Integer.parseInt(text);
    }

    private static Map<String, String> params(String text) {
        Map<String, String> parsed = new HashMap<>();
        for (String param : text.isEmpty() ? new String[0] : text.split(",", -1)) {
            int equals = param.indexOf('=');
            if (equals < 1 || equals == param.length() - 1) {
                throw new IllegalArgumentException("not name=value pairs separated by commas: bench.params=" + text);
            }
            String name = param.substring(0, equals);
            if (parsed.put(name, param.substring(equals + 1)) != null) {
                throw new IllegalArgumentException("parameter has two values: bench.params=" + text + ", name=" + name);
            }
        }
        return Map.copyOf(parsed);
    }

    /// Checks that a file can be made in a folder, and tells it to all JVMs of the run.
    private static void dir(String text, Path root) {
        if (text.isEmpty()) {
            return;
        }
        Path dir = root.resolve(text).toAbsolutePath();
        if (!Files.isDirectory(dir)) {
            throw new IllegalArgumentException("not a folder: bench.dir=" + text);
        }
        try {
            UnnamedFile.create(dir).close();
        } catch (IOException e) {
            throw new IllegalArgumentException("no file can be made in a folder: bench.dir=" + text, e);
        }
        System.setProperty(UnnamedFile.FOLDER, dir.toString());
    }

    /// Checks that an allocator of a class can be created, and adds its jar to the class path of all JVMs of the run.
    private static String rival(String className, String jar, Path root) {
        Path path = root.resolve(jar);
        if (className.isEmpty()) {
            if (!jar.isEmpty()) {
                throw new IllegalArgumentException(
                        "a jar without a class: bench.rival.jar=" + jar + "; name the class with bench.rival=");
            }
            return className;
        }
        if (Allocators.isBuiltIn(className)) {
            throw new IllegalArgumentException(
                    "not the name of a class: bench.rival=" + className + "; name a class that is a ByteBufAllocator");
        }
        if (!jar.isEmpty()) {
            checkJar(path);
        }
        ClassLoader ours = Options.class.getClassLoader();
        try (URLClassLoader loader = new URLClassLoader(
                jar.isEmpty() ? new URL[0] : new URL[] {path.toUri().toURL()}, ours)) {
            close(Allocators.rival(className, loader));
        } catch (IOException e) {
            throw new IllegalArgumentException("jar cannot be read: bench.rival.jar=" + path, e);
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException(
                    e.getMessage() + "; bench.rival=" + className + (jar.isEmpty() ? "" : ", bench.rival.jar=" + path),
                    e);
        }
        System.setProperty("bench.rival", className);
        if (!jar.isEmpty()) {
            System.setProperty("java.class.path", System.getProperty("java.class.path") + File.pathSeparator + path);
        }
        return className;
    }

    private static void close(ByteBufAllocator rival) {
        try {
            Allocators.close(rival);
        } catch (RuntimeException | LinkageError e) {
            String cause = e.toString().replaceAll("\\s+", " ");
            throw new IllegalArgumentException("allocator cannot be closed: cause=" + cause, e);
        }
    }

    /// Checks that a file is a jar, and that it can be a part of a class path.
    private static void checkJar(Path path) {
        if (!Files.isReadable(path)) {
            throw new IllegalArgumentException("no such jar: bench.rival.jar=" + path);
        }
        if (path.toString().contains(File.pathSeparator)) {
            throw new IllegalArgumentException("path of a jar has a separator of class paths: bench.rival.jar=" + path
                    + ", separator=" + File.pathSeparator + "; move the jar");
        }
        try {
            new JarFile(path.toFile()).close();
        } catch (IOException e) {
            throw new IllegalArgumentException("file is not a jar: bench.rival.jar=" + path, e);
        }
    }

    private static String command(UnaryOperator<String> property, String bench) {
        StringBuilder command = new StringBuilder("mvn -Pbench");
        if (!bench.equals("all")) {
            command.append(" '-Dbench=").append(bench).append('\'');
        }
        for (String name : Arrays.asList("time", "params", "rounds", "rival")) {
            String value = property.apply("bench." + name);
            if (!value.isEmpty() && !(name.equals("time") && value.equals("short"))) {
                command.append(" -Dbench.").append(name).append('=').append(value);
            }
        }
        return command.toString();
    }
}
