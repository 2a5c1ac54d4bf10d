package io.leasehold.bench.process;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// A child JVM that communicates by lines on its standard input and output.
///
/// The child ends when its standard input ends. The input also ends when this JVM dies for any reason.
///
/// **Threads.** One thread at a time calls; [#reader] reads the output of the child.
public final class ChildJvm implements AutoCloseable {

    private static final JsonMapper JSON = JsonMapper.builder().build();
    private static final String END = "\0";
    private static final String ERROR = "error ";
    private static final String VALUES = "values ";
    private static final int ANSWER_MILLIS = 10_000;
    private static final int KEPT_LINES = 8;
    private static final int STOP_SECONDS = 10;

    private final String name; // (C)
    private final Process process; // (C)
    private final Writer input; // (C)
    private final Thread reader; // (C)
    private final BlockingQueue<String> lines = new LinkedBlockingQueue<>(); // (A)
    private final Deque<String> said = new ArrayDeque<>(); // (O) the last lines

    private ChildJvm(String name, Process process) {
        this.name = name;
        this.process = process;
        input = process.outputWriter(StandardCharsets.UTF_8);
        reader = Thread.ofPlatform().daemon().name("output of " + name).start(this::read);
    }

    /// Starts a JVM of this JDK on this class path.
    ///
    /// @param name for messages
    /// @param main the main class
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

    /// {@return a record of numbers and texts as one line, for [#parse]}
    public static String line(Object record) {
        try {
            return JSON.writeValueAsString(record);
        } catch (JsonProcessingException e) {
            throw new IllegalArgumentException("not a record: " + record, e);
        }
    }

    /// {@return the record of a line that [#line] made}
    ///
    /// @throws IOException if the line is no such record
    public static <T> T parse(String line, Class<T> type) throws IOException {
        return JSON.readValue(line, type);
    }

    /// Prints a record, for [#await(String, Class, long)] in the parent.
    ///
    /// @param prefix of the line
    public static void say(String prefix, Object record) {
        System.out.println(prefix + line(record));
    }

    /// Answers each line of the standard input of this JVM, which is a child, until the input ends. The parent calls
    /// [#values].
    ///
    /// @param values supplies the answer, a record
    /// @throws IOException if the input cannot be read
    public static void answer(Supplier<?> values) throws IOException {
        forEachLine(line -> say(VALUES, values.get()));
    }

    /// Reads the standard input of this JVM, which is a child, until the input ends.
    ///
    /// @param each receives each line
    /// @throws IOException if the input cannot be read
    public static void forEachLine(Consumer<String> each) throws IOException {
        BufferedReader input = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (@Nullable String line = input.readLine(); line != null; line = input.readLine()) {
            each.accept(line);
        }
    }

    /// Ends this JVM, which is a child, when its standard input ends. The parent keeps the input open and sends
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

    /// {@return the number of the process}
    public long pid() {
        return process.pid();
    }

    /// Sends a line.
    ///
    /// @param line without its line end
    /// @throws IOException if the child has ended
    public void tell(String line) throws IOException {
        input.write(line + "\n");
        input.flush();
    }

    /// Waits for a line with a prefix.
    ///
    /// @param prefix of the line
    /// @param limitMillis maximum wait in milliseconds
    /// @return the rest of the line
    /// @throws IOException if the child reports an error, ends, or does not print such a line in time
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

    /// Waits for a record that the child prints.
    ///
    /// @param <T> type of the record
    /// @throws IOException as [#await(String, long)], or if the line is no such record
    /// @throws InterruptedException if the caller is interrupted
    public <T> T await(String prefix, Class<T> type, long limitMillis) throws IOException, InterruptedException {
        return parse(await(prefix, limitMillis), type);
    }

    /// {@return the present values of a child that answers each line}
    ///
    /// @param <T> type of the values
    /// @throws IOException if the child does not answer within ten seconds
    /// @throws InterruptedException if the caller is interrupted
    public <T> T values(Class<T> type) throws IOException, InterruptedException {
        tell("values");
        return await(VALUES, type, ANSWER_MILLIS);
    }

    /// Closes the input of the child, so that it ends.
    ///
    /// @throws IOException if the child has ended
    public void endInput() throws IOException {
        input.close();
    }

    /// Closes the input and waits for the end of the child. A child that does not end within ten seconds is killed.
    @Override
    public void close() {
        try {
            endInput();
            if (!process.waitFor(STOP_SECONDS, TimeUnit.SECONDS)) {
                process.destroyForcibly().waitFor();
            }
            reader.join();
        } catch (IOException e) {
            process.destroyForcibly(); // the child has ended or is about to end, since its end of the pipe is closed
        } catch (InterruptedException e) {
            process.destroyForcibly();
            Thread.currentThread().interrupt();
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
