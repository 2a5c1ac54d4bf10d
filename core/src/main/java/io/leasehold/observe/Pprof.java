package io.leasehold.observe;

import io.leasehold.holder.CallStack;
import io.leasehold.holder.CallStack.Frame;
import io.leasehold.holder.Site;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.zip.GZIPOutputStream;

/// Writes the subset of `profile.proto` that a heap profile needs.
///
/// ```text
///   Profile  1 sample types  2 samples  4 locations  5 functions  6 strings  9 time  11, 12 period  14 default type
///   Sample   1 locations, innermost first  2 values  3 labels
/// ```
///
/// **Threads.** Used by one thread.
///
/// @see <a href="https://github.com/google/pprof/blob/main/proto/profile.proto">profile.proto</a>
final class Pprof {

    private static final int VARINT = 0;
    private static final int BYTES = 2;

    private final Map<String, Integer> strings = new LinkedHashMap<>(); // (O)
    private final Map<Function, Integer> functions = new HashMap<>(); // (O)
    private final Map<Frame, Integer> locations = new HashMap<>(); // (O)
    private final Message samples = new Message(); // (O)
    private final Message locationTable = new Message(); // (O)
    private final Message functionTable = new Message(); // (O)

    private record Function(String name, String file) {}

    Pprof() {
        string(""); // the first string must be empty
    }

    /// Adds blocks in use.
    void addInUse(Site site) {
        Message sample = sample(site.stack().frames(), Math.round(site.blocks()), Math.round(site.bytes()), 0, 0);
        sample.message(3, label("tag", site.tag().name()));
        sample.message(3, label("source", site.source().name()));
        sample.message(
                3,
                new Message()
                        .number(1, string("bytes"))
                        .number(3, site.byteSize())
                        .number(4, string("bytes")));
        samples.message(2, sample);
    }

    /// Adds bytes in use of which only the place and the source are known.
    void addInUse(List<Frame> frames, long bytes, String source) {
        samples.message(2, sample(frames, 0, bytes, 0, 0).message(3, label("source", source)));
    }

    /// Adds the blocks that were allocated at a place since the process began.
    void addAllocated(CallStack stack) {
        samples.message(
                2,
                sample(stack.frames(), 0, 0, Math.round(stack.allocatedBlocks()), Math.round(stack.allocatedBytes())));
    }

    private Message label(String key, String value) {
        return new Message().number(1, string(key)).number(2, string(value));
    }

    private Message sample(List<Frame> frames, long... values) {
        return new Message()
                .numbers(1, frames.stream().mapToLong(this::location).toArray())
                .numbers(2, values);
    }

    private int location(Frame frame) {
        Integer known = locations.get(frame);
        if (known != null) {
            return known;
        }
        int id = locations.size() + 1;
        locations.put(frame, id);
        Message line = new Message().number(1, function(frame)).number(2, frame.line());
        locationTable.message(4, new Message().number(1, id).message(4, line));
        return id;
    }

    private int function(Frame frame) {
        Function function = new Function(frame.type() + "." + frame.method(), frame.file());
        Integer known = functions.get(function);
        if (known != null) {
            return known;
        }
        int id = functions.size() + 1;
        functions.put(function, id);
        functionTable.message(
                5,
                new Message()
                        .number(1, id)
                        .number(2, string(function.name))
                        .number(3, string(function.name))
                        .number(4, string(function.file)));
        return id;
    }

    private int string(String text) {
        return strings.computeIfAbsent(text, t -> strings.size());
    }

    private Message type(String type, String unit) {
        return new Message().number(1, string(type)).number(2, string(unit));
    }

    /// Writes the file.
    ///
    /// @param epochNanos time of the profile in nanoseconds since 1970
    /// @param meanBytes mean number of bytes between two samples
    void write(OutputStream out, long epochNanos, long meanBytes) throws IOException {
        Message profile =
                new Message().message(1, type("alloc_objects", "count")).message(1, type("alloc_space", "bytes"));
        profile = new Message()
                .message(1, type("inuse_objects", "count"))
                .message(1, type("inuse_space", "bytes"))
                .append(profile)
                .append(samples)
                .append(locationTable)
                .append(functionTable)
                .number(9, epochNanos)
                .message(11, type("space", "bytes"))
                .number(12, meanBytes)
                .number(14, string("inuse_space"));
        for (String text : List.copyOf(strings.keySet())) {
            profile.bytes(6, text.getBytes(StandardCharsets.UTF_8));
        }
        GZIPOutputStream zipped = new GZIPOutputStream(out);
        zipped.write(profile.bytes.toByteArray());
        zipped.finish();
    }

    /// A message of protocol buffers that is being written.
    private static final class Message {

        private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();

        Message number(int field, long value) {
            varint(((long) field << 3) | VARINT);
            varint(value);
            return this;
        }

        Message numbers(int field, long... values) {
            Message packed = new Message();
            for (long value : values) {
                packed.varint(value);
            }
            return message(field, packed);
        }

        Message message(int field, Message inner) {
            return bytes(field, inner.bytes.toByteArray());
        }

        Message bytes(int field, byte[] value) {
            varint(((long) field << 3) | BYTES);
            varint(value.length);
            bytes.writeBytes(value);
            return this;
        }

        Message append(Message other) {
            bytes.writeBytes(other.bytes.toByteArray());
            return this;
        }

        private void varint(long value) {
            long rest = value;
            while ((rest & ~0x7fL) != 0) {
                bytes.write((int) ((rest & 0x7f) | 0x80));
                rest >>>= 7;
            }
            bytes.write((int) rest);
        }
    }
}
