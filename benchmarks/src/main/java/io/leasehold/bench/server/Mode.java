package io.leasehold.bench.server;

import io.leasehold.bench.Allocators;
import java.util.List;
import java.util.Locale;

/// How JDK 25 runs Netty, by its flags.
public enum Mode {
    /// Memory by native calls.
    NATIVE,
    /// And access to it by `sun.misc.Unsafe`; since Java 25 Netty leaves that off unless a flag allows it.
    UNSAFE,
    /// As the JDK starts without a flag; it warns of native calls, and Netty's allocators make none then.
    NONE;

    /// {@return the flags of the JVM}
    public List<String> flags() {
        return switch (this) {
            case NATIVE -> List.of(Allocators.NATIVE);
            case UNSAFE -> List.of(Allocators.NATIVE, Allocators.UNSAFE);
            case NONE -> List.of();
        };
    }

    /// {@return its name in small letters}
    public String text() {
        return name().toLowerCase(Locale.ROOT);
    }
}
