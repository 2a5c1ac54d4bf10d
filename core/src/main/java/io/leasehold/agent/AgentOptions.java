package io.leasehold.agent;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Properties;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// The options of the agent: `key=value` pairs after the path of the jar, separated by commas, or system properties
/// `io.leasehold.agent.<key>`. A pair wins over a property.
///
/// * `budget`: limit in bytes of all copies of Netty together, as in `512m`. The default is `-XX:MaxDirectMemorySize`
///   if it is given, else what the machine or cgroup leaves beside the Java heap.
/// * `limit`: limit in bytes of each copy of Netty. The default is `io.netty.maxDirectMemory` if it is given, else the
///   budget.
/// * `name`: name in messages. The default is `netty`.
/// * `log`: `off`, `info` or `debug`. The default is `info`.
/// * `off`: `true` or `false`; the key alone means true. The default is `false`.
///
/// **Threads.** Immutable.
///
/// @param budget limit of all copies of Netty together, empty if not given
/// @param limit limit of each copy of Netty, empty if not given
/// @param name name in messages
/// @param log what to print
/// @param isOff true if the agent changes nothing
record AgentOptions(OptionalLong budget, OptionalLong limit, String name, AgentLog log, boolean isOff) {

    /// Least limit in bytes. With less, a server cannot start, and an error at its start is easier to understand.
    static final long MIN_BYTES = 16L << 20;

    static final String PREFIX = "io.leasehold.agent.";

    private static final List<String> KEYS = List.of("budget", "limit", "name", "log", "off");
    private static final Pattern SIZE = Pattern.compile("([0-9]{1,15})([kmgKMG]?)");

    /// {@return the options of this process}
    ///
    /// @param arguments text after `=` of the command line, or null
    /// @throws IllegalArgumentException if a key is unknown or a value is not allowed
    static AgentOptions of(@Nullable String arguments) {
        return of(arguments, System.getProperties());
    }

    /// {@return the options in `arguments` and `properties`}
    ///
    /// @throws IllegalArgumentException if a key is unknown or a value is not allowed
    static AgentOptions of(@Nullable String arguments, Properties properties) {
        Map<String, String> values = new LinkedHashMap<>();
        for (String property : properties.stringPropertyNames()) {
            if (property.startsWith(PREFIX)) {
                String key = property.substring(PREFIX.length());
                String value = properties.getProperty(property);
                put(values, key, key.equals("off") && value.isEmpty() ? "true" : value, property);
            }
        }
        Map<String, String> pairs = new LinkedHashMap<>();
        for (String pair : arguments == null || arguments.isEmpty() ? new String[0] : arguments.split(",", -1)) {
            String[] parts = pair.strip().split("=", 2);
            String value = parts.length == 2 ? parts[1] : parts[0].equals("off") ? "true" : "";
            put(pairs, parts[0], value, "\"" + pair + "\"");
        }
        values.putAll(pairs);
        return new AgentOptions(
                size("budget", values), size("limit", values), name(values), log(values), isTrue("off", values));
    }

    /// {@return the limit that a property of Netty sets for direct memory, if it is given and positive} The text is
    /// read as Netty reads it: blanks around the number are ignored, and a text that is no decimal number has no
    /// effect.
    ///
    /// @param prefix text that relocation put before `io.netty.`, with a dot at the end; or empty
    /// @throws IllegalArgumentException if the limit is too low
    static OptionalLong nettyLimit(String prefix) {
        String property = prefix + "io.netty.maxDirectMemory";
        long bytes;
        try {
            bytes = Long.parseLong(System.getProperty(property, "").trim());
        } catch (NumberFormatException e) {
            return OptionalLong.empty();
        }
        return bytes > 0 ? OptionalLong.of(checkLimit(property, bytes)) : OptionalLong.empty();
    }

    /// {@return true if a property of Netty sets the number of arenas of its pools}
    ///
    /// @param prefix text that relocation put before `io.netty.`, with a dot at the end; or empty
    static boolean isArenaCountGiven(String prefix, boolean isDirect) {
        String kind = isDirect ? "numDirectArenas" : "numHeapArenas";
        return System.getProperty(prefix + "io.netty.allocator." + kind) != null;
    }

    private static void put(Map<String, String> values, String key, String value, String where) {
        if (!KEYS.contains(key)) {
            throw new IllegalArgumentException(
                    "unknown option: option=" + where + ", known=" + String.join(", ", KEYS));
        }
        if (values.put(key, value) != null) {
            throw new IllegalArgumentException("option is given twice: option=" + key);
        }
    }

    private static OptionalLong size(String key, Map<String, String> values) {
        String value = values.get(key);
        if (value == null) {
            return OptionalLong.empty();
        }
        Matcher size = SIZE.matcher(value);
        if (!size.matches()) {
            throw new IllegalArgumentException(
                    "option is not a number of bytes: " + key + "=" + value + ", example=512m");
        }
        int shift = " KMG".indexOf(size.group(2).isEmpty() ? " " : size.group(2).toUpperCase(Locale.ROOT)) * 10;
        long number = Long.parseLong(size.group(1));
        if (number > Long.MAX_VALUE >> shift) {
            throw new IllegalArgumentException(
                    "option is too high: " + key + "=" + value + ", max=" + (Long.MAX_VALUE >> shift));
        }
        return OptionalLong.of(checkLimit(key, number << shift));
    }

    /// Checks a limit.
    ///
    /// @return `bytes`
    /// @throws IllegalArgumentException if it is too low
    static long checkLimit(String key, long bytes) {
        if (bytes < MIN_BYTES) {
            throw new IllegalArgumentException("option is too low: " + key + "=" + bytes + ", min=" + MIN_BYTES);
        }
        return bytes;
    }

    private static String name(Map<String, String> values) {
        String name = values.getOrDefault("name", "netty");
        if (name.isBlank()) {
            throw new IllegalArgumentException("option is blank: name=\"" + name + "\"");
        }
        return name;
    }

    private static AgentLog log(Map<String, String> values) {
        String value = values.getOrDefault("log", "info");
        return Arrays.stream(AgentLog.values())
                .filter(log -> log.name().toLowerCase(Locale.ROOT).equals(value))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException("option is neither off, info nor debug: log=" + value));
    }

    private static boolean isTrue(String key, Map<String, String> values) {
        String value = values.getOrDefault(key, "false");
        if (!value.equals("true") && !value.equals("false")) {
            throw new IllegalArgumentException("option is neither true nor false: " + key + "=" + value);
        }
        return value.equals("true");
    }
}
