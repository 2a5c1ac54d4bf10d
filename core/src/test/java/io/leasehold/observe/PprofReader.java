package io.leasehold.observe;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.zip.GZIPInputStream;

/// Reads `profile.proto` by its field numbers, and knows nothing of the writer.
final class PprofReader {

    /// A field of a message: a number, or bytes.
    @SuppressWarnings("ArrayRecordComponent") // never compared
    record Field(int number, long value, byte[] bytes) {}

    /// A sample with names in place of identifiers.
    record Row(List<String> functions, List<Long> values, Map<String, String> labels) {}

    final List<String> types = new ArrayList<>();
    final List<Row> rows = new ArrayList<>();
    final List<String> strings = new ArrayList<>();
    long period;
    String defaultType = "";

    private final Map<Long, String> functions = new HashMap<>();
    private final Map<Long, Long> locations = new HashMap<>();

    static PprofReader read(byte[] file) throws IOException {
        try (GZIPInputStream in = new GZIPInputStream(new ByteArrayInputStream(file))) {
            PprofReader reader = new PprofReader();
            reader.readProfile(fields(in.readAllBytes()));
            return reader;
        }
    }

    private void readProfile(List<Field> fields) {
        of(fields, 6).forEach(f -> strings.add(new String(f.bytes, StandardCharsets.UTF_8)));
        of(fields, 1).forEach(f -> types.add(text(f, 1) + "/" + text(f, 2)));
        of(fields, 5).forEach(f -> functions.put(number(f, 1), text(f, 2)));
        for (Field location : of(fields, 4)) {
            Field line = of(fields(location.bytes), 4).getFirst();
            locations.put(number(location, 1), number(line, 1));
        }
        for (Field sample : of(fields, 2)) {
            List<Field> inner = fields(sample.bytes);
            List<String> names = packed(of(inner, 1).getFirst().bytes).stream()
                    .map(id -> functions.get(locations.get(id)))
                    .toList();
            Map<String, String> labels = new HashMap<>();
            for (Field label : of(inner, 3)) {
                boolean isText = !of(fields(label.bytes), 2).isEmpty();
                labels.put(text(label, 1), isText ? text(label, 2) : Long.toString(number(label, 3)));
            }
            rows.add(new Row(names, packed(of(inner, 2).getFirst().bytes), labels));
        }
        period = of(fields, 12).getFirst().value;
        defaultType = strings.get((int) of(fields, 14).getFirst().value);
    }

    private String text(Field message, int field) {
        return strings.get((int) number(message, field));
    }

    private static long number(Field message, int field) {
        return of(fields(message.bytes), field).getFirst().value;
    }

    private static List<Field> of(List<Field> fields, int number) {
        return fields.stream().filter(f -> f.number == number).toList();
    }

    private static List<Field> fields(byte[] bytes) {
        ByteArrayInputStream in = new ByteArrayInputStream(bytes);
        List<Field> fields = new ArrayList<>();
        while (in.available() > 0) {
            long key = varint(in);
            int number = (int) (key >>> 3);
            switch ((int) key & 7) {
                case 0 -> fields.add(new Field(number, varint(in), new byte[0]));
                case 2 -> {
                    byte[] value = new byte[(int) varint(in)];
                    if (in.readNBytes(value, 0, value.length) != value.length) {
                        throw new IllegalArgumentException("field is truncated: field=" + number);
                    }
                    fields.add(new Field(number, 0, value));
                }
                default -> throw new IllegalArgumentException("unknown wire type: key=" + key);
            }
        }
        return fields;
    }

    private static List<Long> packed(byte[] bytes) {
        ByteArrayInputStream in = new ByteArrayInputStream(bytes);
        List<Long> values = new ArrayList<>();
        while (in.available() > 0) {
            values.add(varint(in));
        }
        return values;
    }

    private static long varint(ByteArrayInputStream in) {
        long value = 0;
        for (int shift = 0; ; shift += 7) {
            int next = in.read();
            value |= (long) (next & 0x7f) << shift;
            if (next < 0x80) {
                return value;
            }
        }
    }
}
