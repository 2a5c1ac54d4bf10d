package io.leasehold.bench.server;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/// A JVM that this one started, and talks to by lines.
///
/// It ends when its input does, which is also what happens when this JVM dies, however it dies.
///
/// **Threads.** One thread at a time talks; a thread of its own reads what the child says.
public final class ChildJvm implements AutoCloseable {

    private static final Set<Process> RUNNING = ConcurrentHashMap.newKeySet();
    private static final String END = "\0";
    private static final String ERROR = "error ";
    private static final int KEPT_LINES = 8;
    private static final int STOP_SECONDS = 10;

    private final String name; // (C)
    private final Process process; // (C)
    private final Writer input; // (C)
    private final Thread reader; // (C)
    private final BlockingQueue<String> lines = new LinkedBlockingQueue<>(); // (A)
    private final Deque<String> said = new ArrayDeque<>(); // (O) last

    private ChildJvm(String name, Process process) {
        this.name = name;
        this.process = process;
        RUNNING.add(process);
        input = process.outputWriter(StandardCharsets.UTF_8);
        reader = Thread.ofPlatform().daemon().name("output of " + name).start(this::read);
    }

    /// Starts a JVM of this JDK on this class path.
    ///
    /// @param name for messages
    /// @param main the class that is run
    /// @param flags of the JVM
    /// @param args of the program
    /// @throws IOException if it does not start
    public static ChildJvm start(String name, Class<?> main, List<String> flags, List<String> args) throws IOException {
        ProcessBuilder command = new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.command().addAll(flags);
        command.command().addAll(List.of("-cp", System.getProperty("java.class.path"), main.getName()));
        command.command().addAll(args);
        return new ChildJvm(name, command.redirectErrorStream(true).start());
    }

    /// Ends all that run, at once: for when this JVM ends.
    static void endAll() {
        RUNNING.forEach(Process::destroyForcibly);
    }

    /// Ends this JVM, which is a child, when its standard input ends. The parent holds the input open and sends
    /// nothing, so the input ends when the parent closes it or dies.
    public static void endWithParent() {
        Thread.ofPlatform().daemon().name("end of input").start(() -> {
            try {
                System.in.transferTo(OutputStream.nullOutputStream());
            } catch (IOException e) {
                // an input that cannot be read counts as ended
            }
            Runtime.getRuntime().halt(1);
        });
    }

    long pid() {
        return process.pid();
    }

    /// Sends a line.
    ///
    /// @param line without its end
    /// @throws IOException if the child has ended
    public void tell(String line) throws IOException {
        input.write(line + "\n");
        input.flush();
    }

    /// Waits for a line that begins so.
    ///
    /// @param prefix how it begins
    /// @param limitMillis how long to wait
    /// @return the rest of it
    /// @throws IOException if the child says `error`, ends, or says nothing of that kind in time
    /// @throws InterruptedException if the caller is interrupted
    public String await(String prefix, long limitMillis) throws IOException, InterruptedException {
        long deadline = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(limitMillis);
        while (true) {
            String line = lines.poll(deadline - System.nanoTime(), TimeUnit.NANOSECONDS);
            if (line == null) {
                throw new IOException(
                        name + " did not say \"" + prefix.strip() + "\" within " + limitMillis + " ms" + said());
            } else if (line.equals(END)) {
                throw new IOException(name + " ended before it said \"" + prefix.strip() + "\"" + said());
            } else if (line.startsWith(ERROR)) {
                throw new IOException(line.substring(ERROR.length()));
            } else if (line.startsWith(prefix)) {
                return line.substring(prefix.length());
            }
            said.addLast(line);
            if (said.size() > KEPT_LINES) {
                said.removeFirst();
            }
        }
    }

    /// Ends the input, which tells the child to end.
    ///
    /// @throws IOException if the child has ended
    public void endInput() throws IOException {
        input.close();
    }

    /// Ends the input and waits; a child that does not end by itself is ended.
    @Override
    public void close() {
        try {
            endInput();
            if (!process.waitFor(STOP_SECONDS, TimeUnit.SECONDS)) {
                process.destroyForcibly().waitFor();
            }
            reader.join();
        } catch (IOException e) {
            process.destroyForcibly(); // its end of the pipe is gone, so it is, or will be
        } catch (InterruptedException e) {
            process.destroyForcibly();
            Thread.currentThread().interrupt();
        } finally {
            RUNNING.remove(process);
        }
    }

    private void read() {
        try (BufferedReader output = process.inputReader(StandardCharsets.UTF_8)) {
            for (@Nullable String line = output.readLine(); line != null; line = output.readLine()) {
                lines.add(line);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } finally {
            lines.add(END);
        }
    }

    private String said() {
        return said.isEmpty() ? "" : ", but: " + String.join(" | ", said);
    }
}
