package io.leasehold.observe.counters;

import static io.leasehold.observe.counters.CounterLayout.INT;
import static io.leasehold.observe.counters.CounterLayout.LONG;

import io.leasehold.text.Texts;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;

/// The contents of a counter file, read at once. Later changes of the file have no effect on the snapshot, and a file
/// that is truncated meanwhile cannot harm the reader.
///
/// @param path path of the file
/// @param pid number of the process
/// @param startMillis start of the process in milliseconds since 1970, or 0 if it is not known
/// @param heartbeatMillis last update in milliseconds since 1970
/// @param counters the allocated counters
public record CounterSnapshot(Path path, long pid, long startMillis, long heartbeatMillis, List<Counter> counters) {

    /// Bound for a process that changes labels all the time.
    private static final int MAX_READS = 20;

    /// One counter.
    ///
    /// @param type number of a [CounterType], or of a type that a later version of the library made
    /// @param owner number of the allocator that it belongs to
    /// @param key bytes of a block for the counters of a size class, negative on the Java heap; otherwise 0
    /// @param label name of the counter
    /// @param value its value
    public record Counter(int type, int owner, long key, String label, long value) {}

    /// Reads a file.
    ///
    /// @param path path of the file
    /// @return its contents
    /// @throws IOException if it cannot be read, or is no counter file of a version that this class knows; the message
    ///     is one sentence for people
    public static CounterSnapshot read(Path path) throws IOException {
        MemorySegment file = MemorySegment.ofArray(stableBytes(path));
        checkHeader(path, file);
        List<Counter> counters = new ArrayList<>();
        for (int i = 0; i < CounterLayout.COUNTERS; i++) {
            if (file.get(INT, CounterLayout.metadata(i)) == CounterLayout.ALLOCATED) {
                counters.add(counter(path, file, i));
            }
        }
        return new CounterSnapshot(
                path,
                file.get(LONG, CounterLayout.PID_AT),
                file.get(LONG, CounterLayout.STARTED_AT),
                file.get(LONG, CounterLayout.HEARTBEAT_AT),
                counters);
    }

    /// Reads the file until its metadata are the same in two reads. The process may give a counter a new label
    /// meanwhile, and the parts of a read are of different times. The values of the first of two equal reads lie
    /// between both, so they belong to these labels.
    private static byte[] stableBytes(Path path) throws IOException {
        byte[] bytes = bytes(path);
        for (int i = 0; i < MAX_READS; i++) {
            byte[] later = bytes(path);
            if (hasSameMetadata(bytes, later)) {
                break;
            }
            bytes = later;
        }
        return bytes;
    }

    private static boolean hasSameMetadata(byte[] one, byte[] other) {
        int from = CounterLayout.HEADER_BYTES;
        int to = from + CounterLayout.METADATA_LENGTH;
        return Arrays.equals(one, from, to, other, from, to);
    }

    private static byte[] bytes(Path path) throws IOException {
        checkKind(path);
        ByteBuffer bytes = ByteBuffer.allocate((int) CounterLayout.FILE_BYTES);
        try (FileChannel channel = FileChannel.open(path, Set.of(StandardOpenOption.READ, LinkOption.NOFOLLOW_LINKS))) {
            while (bytes.hasRemaining() && channel.read(bytes) >= 0) {
                // until the end of the file
            }
        } catch (NoSuchFileException e) {
            throw new IOException("there is no counter file: path=" + path, e);
        } catch (ClosedByInterruptException e) {
            throw e; // the caller may try again
        } catch (IOException e) {
            throw new IOException("counter file cannot be read: path=" + path + ", cause=" + e, e);
        }
        if (bytes.position() < CounterLayout.HEADER_BYTES) {
            throw new IOException("counter file is truncated: path=" + path + ", bytes=" + bytes.position() + ", min="
                    + CounterLayout.FILE_BYTES);
        }
        byte[] all = bytes.array();
        if (bytes.hasRemaining()) { // after the version, of which only this one is known to have this length
            checkHeader(path, MemorySegment.ofArray(all));
            throw new IOException("counter file is truncated: path=" + path + ", bytes=" + bytes.position() + ", min="
                    + CounterLayout.FILE_BYTES);
        }
        return all;
    }

    /// Rejects what is no file. To open a pipe would wait for a writer.
    private static void checkKind(Path path) throws IOException {
        if (Files.exists(path, LinkOption.NOFOLLOW_LINKS) && !Files.isRegularFile(path, LinkOption.NOFOLLOW_LINKS)) {
            throw new IOException("not a regular file: path=" + path);
        }
    }

    private static void checkHeader(Path path, MemorySegment file) throws IOException {
        if (file.get(LONG, CounterLayout.MAGIC_AT) != CounterLayout.MAGIC) {
            throw new IOException("not a counter file, or of a machine with another byte order: path=" + path);
        }
        int version = file.get(INT, CounterLayout.VERSION_AT);
        if (version == 0) {
            throw new IOException("counter file is not complete yet: path=" + path);
        }
        if (version != CounterLayout.VERSION) {
            throw new IOException("counter file is of " + (version > CounterLayout.VERSION ? "a newer" : "an older")
                    + " version of the library: path=" + path + ", version=" + version + ", min="
                    + CounterLayout.VERSION + ", max=" + CounterLayout.VERSION
                    + "; use the stat command of that version");
        }
        int metadata = file.get(INT, CounterLayout.METADATA_LENGTH_AT);
        int values = file.get(INT, CounterLayout.VALUES_LENGTH_AT);
        if (metadata != CounterLayout.METADATA_LENGTH || values != CounterLayout.VALUES_LENGTH) {
            throw corrupt(path, "metadataLength=" + metadata + ", valuesLength=" + values);
        }
    }

    private static Counter counter(Path path, MemorySegment file, int index) throws IOException {
        long at = CounterLayout.metadata(index);
        int length = file.get(INT, at + CounterLayout.LABEL_LENGTH_IN_METADATA);
        if (length < 0 || length > CounterLayout.MAX_LABEL_BYTES) {
            throw corrupt(path, "counter=" + index + ", labelLength=" + length);
        }
        byte[] label =
                file.asSlice(at + CounterLayout.LABEL_IN_METADATA, length).toArray(ValueLayout.JAVA_BYTE);
        return new Counter(
                file.get(INT, at + CounterLayout.TYPE_IN_METADATA),
                file.get(INT, at + CounterLayout.KEY_IN_METADATA),
                file.get(LONG, at + CounterLayout.KEY_IN_METADATA + Integer.BYTES),
                Texts.oneLine(new String(label, StandardCharsets.UTF_8)),
                file.get(LONG, CounterLayout.value(index)));
    }

    private static IOException corrupt(Path path, String values) {
        return new IOException("counter file is corrupt: path=" + path + ", " + values);
    }

    /// {@return true if the file has no space for another counter, so that numbers may be missing}
    public boolean isFull() {
        return counters.size() == CounterLayout.COUNTERS;
    }

    /// {@return true if the process that writes the file still runs}
    public boolean isAlive() {
        return ProcessHandle.of(pid)
                .map(process -> process.isAlive() && isSame(StaleFiles.startOf(process)))
                .orElse(false);
    }

    /// {@return true if a start of a process is the recorded one, or one of the two is not known}
    private boolean isSame(long start) {
        return start == 0 || startMillis == 0 || start == startMillis;
    }
}
