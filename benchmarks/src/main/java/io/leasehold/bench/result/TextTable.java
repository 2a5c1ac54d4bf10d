package io.leasehold.bench.result;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;

/// A table of texts in a resource, one line a row, with cells between bars. Lines with `#` are comments.
public final class TextTable {

    private TextTable() {}

    /// {@return the rows of a table; the first cell of each is `*` for a marked row, otherwise empty}
    ///
    /// @param beside class in whose package the resource is
    /// @param name of the resource
    public static List<List<String>> rows(Class<?> beside, String name) {
        try (BufferedReader lines = new BufferedReader(new InputStreamReader(
                Objects.requireNonNull(beside.getResourceAsStream(name), name), StandardCharsets.UTF_8))) {
            return lines.lines()
                    .filter(line -> !line.startsWith("#"))
                    .map(line -> Arrays.stream((line.charAt(0) + "|" + line.substring(1)).split("\\|", -1))
                            .map(String::strip)
                            .toList())
                    .toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
