package io.leasehold.observe;

import com.google.protobuf.DescriptorProtos.DescriptorProto;
import com.google.protobuf.DescriptorProtos.FieldDescriptorProto;
import com.google.protobuf.DescriptorProtos.FileDescriptorProto;
import com.google.protobuf.Descriptors.Descriptor;
import com.google.protobuf.Descriptors.DescriptorValidationException;
import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.Descriptors.FileDescriptor;
import com.google.protobuf.DynamicMessage;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.zip.GZIPInputStream;

/// Reads `profile.proto` with the decoder of protocol buffers, and checks what `pprof` checks when it opens a file. A
/// field that the schema below lacks is refused.
final class PprofReader {

    private static final Descriptor PROFILE = schema();

    /// A sample with names in place of identifiers.
    record Row(List<String> functions, List<Long> values, Map<String, String> labels) {}

    final List<String> types = new ArrayList<>();
    final List<Row> rows = new ArrayList<>();
    final List<String> strings = new ArrayList<>();
    final long period;
    final String defaultType;

    private final Map<Long, String> functions = new HashMap<>();
    private final Map<Long, Long> locations = new HashMap<>();

    private PprofReader(DynamicMessage profile) {
        list(profile, "strings").forEach(text -> strings.add((String) text));
        check(strings.getFirst().isEmpty(), "the first string is not empty: string=" + strings.getFirst());
        messages(profile, "sampleTypes").forEach(type -> types.add(text(type, "type") + "/" + text(type, "unit")));
        for (DynamicMessage function : messages(profile, "functions")) {
            add(functions, number(function, "id"), text(function, "name"));
        }
        for (DynamicMessage location : messages(profile, "locations")) {
            long function = number(messages(location, "lines").getFirst(), "function");
            check(functions.containsKey(function), "function is missing: id=" + function);
            add(locations, number(location, "id"), function);
        }
        messages(profile, "samples").forEach(this::readSample);
        period = number(profile, "period");
        defaultType = text(profile, "defaultType");
    }

    static PprofReader read(byte[] file) throws IOException {
        try (GZIPInputStream in = new GZIPInputStream(new ByteArrayInputStream(file))) {
            return new PprofReader(known(DynamicMessage.parseFrom(PROFILE, in)));
        }
    }

    private void readSample(DynamicMessage sample) {
        List<Long> values = numbers(sample, "values");
        check(values.size() == types.size(), "sample has another number of values: values=" + values);
        List<Long> places = numbers(sample, "locations");
        check(locations.keySet().containsAll(places), "location is missing: ids=" + places);
        Map<String, String> labels = new HashMap<>();
        for (DynamicMessage label : messages(sample, "labels")) {
            boolean isText = number(label, "text") != 0;
            check(!isText || number(label, "number") == 0, "label has a text and a number: " + label);
            labels.put(text(label, "key"), isText ? text(label, "text") : Long.toString(number(label, "number")));
        }
        rows.add(new Row(places.stream().map(locations::get).map(functions::get).toList(), values, labels));
    }

    private static <T> void add(Map<Long, T> table, long id, T value) {
        check(id != 0, "an id is 0");
        check(table.put(id, value) == null, "an id occurs twice: id=" + id);
    }

    private static void check(boolean isRight, String fault) {
        if (!isRight) {
            throw new IllegalArgumentException(fault);
        }
    }

    private String text(DynamicMessage message, String field) {
        return strings.get((int) number(message, field));
    }

    private static long number(DynamicMessage message, String field) {
        return (long) message.getField(field(message, field));
    }

    private static List<Long> numbers(DynamicMessage message, String field) {
        return list(message, field).stream().map(Long.class::cast).toList();
    }

    private static List<DynamicMessage> messages(DynamicMessage message, String field) {
        return list(message, field).stream()
                .map(DynamicMessage.class::cast)
                .map(PprofReader::known)
                .toList();
    }

    private static List<?> list(DynamicMessage message, String field) {
        return (List<?>) message.getField(field(message, field));
    }

    private static FieldDescriptor field(DynamicMessage message, String name) {
        return message.getDescriptorForType().findFieldByName(name);
    }

    private static DynamicMessage known(DynamicMessage message) {
        check(message.getUnknownFields().asMap().isEmpty(), "unknown fields: " + message.getUnknownFields());
        return message;
    }

    /// Makes the part of the schema of `pprof` that a heap profile has. An integer may be the index of a string.
    private static Descriptor schema() {
        DescriptorProto profile = message(
                "Profile",
                many(1, "sampleTypes", "ValueType"),
                many(2, "samples", "Sample"),
                many(4, "locations", "Location"),
                many(5, "functions", "Function"),
                field(6, "strings", FieldDescriptorProto.Type.TYPE_STRING)
                        .setLabel(FieldDescriptorProto.Label.LABEL_REPEATED),
                integer(9, "timeNanos"),
                field(11, "periodType", FieldDescriptorProto.Type.TYPE_MESSAGE).setTypeName("ValueType"),
                integer(12, "period"),
                integer(14, "defaultType"));
        DescriptorProto sample = message(
                "Sample",
                integer(1, "locations").setLabel(FieldDescriptorProto.Label.LABEL_REPEATED),
                integer(2, "values").setLabel(FieldDescriptorProto.Label.LABEL_REPEATED),
                many(3, "labels", "Label"));
        FileDescriptorProto.Builder file = FileDescriptorProto.newBuilder()
                .setName("profile.proto")
                .setSyntax("proto3")
                .addMessageType(profile)
                .addMessageType(sample)
                .addMessageType(message("ValueType", integer(1, "type"), integer(2, "unit")))
                .addMessageType(message(
                        "Label", integer(1, "key"), integer(2, "text"), integer(3, "number"), integer(4, "unit")))
                .addMessageType(message("Location", integer(1, "id"), many(4, "lines", "Line")))
                .addMessageType(message("Line", integer(1, "function"), integer(2, "line")))
                .addMessageType(message(
                        "Function",
                        integer(1, "id"),
                        integer(2, "name"),
                        integer(3, "systemName"),
                        integer(4, "file")));
        try {
            return FileDescriptor.buildFrom(file.build(), new FileDescriptor[0]).findMessageTypeByName("Profile");
        } catch (DescriptorValidationException e) {
            throw new AssertionError(e);
        }
    }

    private static DescriptorProto message(String name, FieldDescriptorProto.Builder... fields) {
        DescriptorProto.Builder message = DescriptorProto.newBuilder().setName(name);
        for (FieldDescriptorProto.Builder field : fields) {
            message.addField(field);
        }
        return message.build();
    }

    private static FieldDescriptorProto.Builder field(int number, String name, FieldDescriptorProto.Type type) {
        return FieldDescriptorProto.newBuilder()
                .setNumber(number)
                .setName(name)
                .setType(type)
                .setLabel(FieldDescriptorProto.Label.LABEL_OPTIONAL);
    }

    private static FieldDescriptorProto.Builder integer(int number, String name) {
        return field(number, name, FieldDescriptorProto.Type.TYPE_INT64);
    }

    private static FieldDescriptorProto.Builder many(int number, String name, String type) {
        return field(number, name, FieldDescriptorProto.Type.TYPE_MESSAGE)
                .setTypeName(type)
                .setLabel(FieldDescriptorProto.Label.LABEL_REPEATED);
    }
}
