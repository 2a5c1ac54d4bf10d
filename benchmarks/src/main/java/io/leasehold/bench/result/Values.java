package io.leasehold.bench.result;

import java.lang.reflect.RecordComponent;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Finds values that are missing in results. The file may be damaged, or an earlier version may have written it.
final class Values {

    private Values() {}

    /// Checks that results have all values, except those that may be null.
    ///
    /// @param path of the value in the file, for the message
    /// @throws IllegalArgumentException if a value is missing
    static void check(String path, @Nullable Object value) {
        switch (value) {
            case null -> throw new IllegalArgumentException("value is missing: path=" + path);
            case List<?> list -> {
                for (int i = 0; i < list.size(); i++) {
                    check(path + "[" + i + "]", list.get(i));
                }
            }
            case Map<?, ?> map -> map.forEach((name, one) -> check(path + "." + name, one));
            case Record one -> {
                for (RecordComponent part : one.getClass().getRecordComponents()) {
                    Object has = read(one, part);
                    if (has != null || !part.getAnnotatedType().isAnnotationPresent(Nullable.class)) {
                        check(path + "." + part.getName(), has);
                    }
                }
            }
            default -> {}
        }
    }

    private static @Nullable Object read(Record of, RecordComponent part) {
        try {
            return part.getAccessor().invoke(of);
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException(e);
        }
    }
}
