package io.leasehold.observe;

import io.leasehold.observe.counters.CounterSnapshot;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/// The command `java -jar leasehold-core.jar stat [pid] [--json | --collapsed | --pprof=FILE] [--watch]`, which shows
/// the memory of another process of the same user.
///
/// ```text
///   stat                   the processes that run; if none runs, all that have a counter file
///   stat 4711              the allocators of one process, and of each copy of the library in it
///   stat 4711 --json       the same for programs
///   stat 4711 --collapsed  the stacks that hold the most bytes, for flame graph tools
///   stat 4711 --pprof=F    the same stacks, written to the file F for `go tool pprof` and other viewers
///   stat 4711 --watch      the table each second, until the process ends
/// ```
///
/// The command attaches to nothing. It reads the counter file, also after the process ended. `--folder=PATH` reads the
/// files in another folder, for example a copy.
///
/// **Exit codes.** 0 if something was shown, 1 if nothing can be read, 2 for arguments that are not understood. A
/// failure prints one sentence on the error stream.
///
/// **Threads.** Stateless.
public final class StatCommand {

    private static final String USAGE =
            "usage: stat [pid] [--json | --collapsed | --pprof=FILE] [--watch] [--folder=PATH]";
    private static final String JSON = "--json";
    private static final String COLLAPSED = "--collapsed";
    private static final String PPROF = "--pprof=";
    private static final String WATCH = "--watch";
    private static final String FOLDER = "--folder=";
    private static final int UNREADABLE = 1;
    private static final int WRONG_ARGUMENTS = 2;

    private StatCommand() {}

    /// The arguments of a call.
    ///
    /// @param pid number of the process, or 0 for all
    /// @param report writes a process as text
    /// @param profile file to write a profile to in place of a report, or null
    /// @param isWatching true to repeat until the process ends
    /// @param folder folder of the files
    private record Arguments(
            long pid,
            Function<CounterSnapshot, String> report,
            @Nullable Path profile,
            boolean isWatching,
            Path folder) {

        static Arguments of(String[] arguments) {
            long pid = 0;
            Function<CounterSnapshot, String> report = StatReport::table;
            String format = "";
            Path profile = null;
            boolean isWatching = false;
            Path folder = null;
            for (String argument : arguments) {
                boolean isProfile = argument.startsWith(PPROF);
                if (isProfile || argument.equals(JSON) || argument.equals(COLLAPSED)) {
                    if (!format.isEmpty() && !format.equals(argument)) {
                        throw new IllegalArgumentException(argument + " excludes " + format);
                    }
                    format = argument;
                    report = argument.equals(JSON) ? StatReport::json : StatReport::collapsed;
                    profile = isProfile ? path(argument, PPROF) : null;
                } else if (argument.equals(WATCH)) {
                    isWatching = true;
                } else if (argument.startsWith(FOLDER)) {
                    folder = path(argument, FOLDER);
                } else if (pid == 0 && !argument.startsWith("-")) {
                    pid = pid(argument);
                } else {
                    throw new IllegalArgumentException("argument is not known: argument=" + argument);
                }
            }
            if (isWatching && profile != null) {
                throw new IllegalArgumentException(format + " excludes " + WATCH);
            }
            if (pid == 0 && (isWatching || profile != null)) {
                String option = isWatching ? WATCH : format;
                throw new IllegalArgumentException(option + " needs the number of a process");
            }
            return new Arguments(pid, report, profile, isWatching, folder == null ? ofUser() : folder);
        }

        private static Path ofUser() {
            ObserveOptions options = ObserveOptions.ofSystem();
            try {
                return options.folder();
            } catch (InvalidPathException e) {
                throw new IllegalArgumentException("not a path: java.io.tmpdir=" + options.temporary(), e);
            }
        }

        private static Path path(String argument, String option) {
            try {
                Path path = Path.of(argument.substring(option.length()));
                if (!path.toString().isEmpty()) {
                    return path;
                }
            } catch (InvalidPathException e) {
                throw new IllegalArgumentException("not a path: argument=" + argument, e);
            }
            throw new IllegalArgumentException("a path is missing: argument=" + argument);
        }

        private static long pid(String argument) {
            try {
                long pid = Long.parseLong(argument);
                if (pid > 0) {
                    return pid;
                }
            } catch (NumberFormatException e) {
                throw new IllegalArgumentException("not the number of a process: argument=" + argument, e);
            }
            throw new IllegalArgumentException("not the number of a process: argument=" + argument + ", min=1");
        }
    }

    /// Runs the command line.
    ///
    /// @param arguments `stat` and its arguments
    public static void main(String[] arguments) {
        int code;
        if (arguments.length == 0 || !arguments[0].equals("stat")) {
            System.err.println(USAGE);
            code = WRONG_ARGUMENTS;
        } else {
            code = run(Arrays.copyOfRange(arguments, 1, arguments.length), System.out, System.err);
        }
        System.exit(code);
    }

    /// Runs the command.
    ///
    /// @param arguments arguments behind the word `stat`
    /// @param out receives what is shown
    /// @param err receives one sentence if the command fails
    /// @return the exit code
    static int run(String[] arguments, PrintStream out, PrintStream err) {
        Arguments parsed;
        try {
            parsed = Arguments.of(arguments);
        } catch (IllegalArgumentException e) {
            err.println(e.getMessage() + "; " + USAGE);
            return WRONG_ARGUMENTS;
        }
        try {
            return parsed.pid == 0 ? showAll(parsed, out, err) : showOne(parsed, out, err);
        } catch (IOException e) {
            err.println(e.getMessage());
            return UNREADABLE;
        }
    }

    private static int showOne(Arguments arguments, PrintStream out, PrintStream err) throws IOException {
        if (arguments.profile != null) {
            writeProfile(copies(arguments, err), arguments.profile);
            out.println("profile written: path=" + arguments.profile);
            flush(out);
            return 0;
        }
        boolean more = true;
        while (more) {
            List<CounterSnapshot> copies = copies(arguments, err);
            for (CounterSnapshot copy : copies) {
                out.print(arguments.report.apply(copy));
            }
            flush(out);
            more = arguments.isWatching && copies.getFirst().isAlive() && pause();
        }
        return 0;
    }

    /// Writes the stacks of all copies as one profile. The counters have the bytes of the stacks, and not the number of
    /// buffers.
    private static void writeProfile(List<CounterSnapshot> copies, Path path) throws IOException {
        Pprof profile = new Pprof();
        copies.forEach(copy -> StatReport.addStacks(copy, profile));
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        profile.write(bytes, TimeUnit.MILLISECONDS.toNanos(copies.getFirst().heartbeatMillis()), 0);
        try {
            Files.write(path, bytes.toByteArray());
        } catch (IOException e) {
            throw new IOException("profile cannot be written: path=" + path + ", cause=" + e, e);
        }
    }

    /// {@return the readable files of a process} The copies of the library in a process may be of different versions.
    /// So a file that cannot be read does not hide the others.
    ///
    /// @throws IOException if none can be read
    private static List<CounterSnapshot> copies(Arguments arguments, PrintStream err) throws IOException {
        List<Path> paths = new ArrayList<>(files(arguments.folder));
        paths.removeIf(path -> !path.getFileName().toString().startsWith(arguments.pid + "-"));
        paths.addFirst(arguments.folder.resolve(Long.toString(arguments.pid)));
        List<CounterSnapshot> readable = new ArrayList<>();
        List<IOException> failures = new ArrayList<>();
        for (Path path : paths) {
            try {
                CounterSnapshot copy = CounterSnapshot.read(path);
                if (copy.pid() != arguments.pid) {
                    throw new IOException("counter file is of another process: path=" + path + ", pid=" + copy.pid()
                            + ", expected=" + arguments.pid);
                }
                readable.add(copy);
            } catch (IOException e) {
                failures.add(e);
            }
        }
        if (readable.isEmpty()) {
            throw failures.getFirst();
        }
        failures.forEach(failure -> err.println(failure.getMessage()));
        return readable;
    }

    private static boolean pause() {
        try {
            TimeUnit.SECONDS.sleep(1);
            return true;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
    }

    private static int showAll(Arguments arguments, PrintStream out, PrintStream err) throws IOException {
        List<CounterSnapshot> readable = new ArrayList<>();
        for (Path path : files(arguments.folder)) {
            try {
                readable.add(CounterSnapshot.read(path));
            } catch (IOException e) {
                err.println(e.getMessage());
            }
        }
        if (readable.isEmpty()) {
            throw new IOException("no process of this user has a counter file: folder=" + arguments.folder);
        }
        List<CounterSnapshot> alive =
                readable.stream().filter(CounterSnapshot::isAlive).toList();
        for (CounterSnapshot snapshot : alive.isEmpty() ? readable : alive) {
            out.print(arguments.report.apply(snapshot));
        }
        flush(out);
        return 0;
    }

    /// @throws IOException if the output was closed, or its disk is full
    private static void flush(PrintStream out) throws IOException {
        if (out.checkError()) {
            throw new IOException("the output cannot be written: it was closed, or its disk is full");
        }
    }

    private static List<Path> files(Path folder) throws IOException {
        List<Path> files = new ArrayList<>();
        try (DirectoryStream<Path> all = Files.newDirectoryStream(folder, "[0-9]*")) {
            all.forEach(files::add);
        } catch (NoSuchFileException | NotDirectoryException e) {
            return List.of();
        } catch (IOException | DirectoryIteratorException e) {
            throw new IOException("folder cannot be read: folder=" + folder + ", cause=" + e, e);
        }
        files.sort(Comparator.comparing(Path::toString));
        return files;
    }
}
