package io.leasehold.bench.subject;

import java.util.List;

/// The modes in which JDK 25 runs Netty, by JVM flags.
public enum JvmMode implements Named {
    /// With native access.
    NATIVE,
    /// With native access and `sun.misc.Unsafe`. Since Java 25, Netty does not use Unsafe unless a flag allows it.
    UNSAFE,
    /// Without a flag. The JDK then warns of native access, and Netty's allocators do not use it.
    NONE;

    /// {@return the flags of the JVM}
    public List<String> flags() {
        return switch (this) {
            case NATIVE -> List.of(Allocators.NATIVE);
            case UNSAFE -> List.of(Allocators.NATIVE, Allocators.UNSAFE);
            case NONE -> List.of();
        };
    }
}
