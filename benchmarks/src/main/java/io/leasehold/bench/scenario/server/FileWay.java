package io.leasehold.bench.scenario.server;

import java.util.Locale;

/// The ways in which a server sends files.
enum FileWay {
    /// By [io.leasehold.netty.file.FileSource], which chooses how.
    LEASEHOLD,
    /// By Netty's `DefaultFileRegion`; not available with TLS.
    SENDFILE,
    /// By Netty's `ChunkedNioFile`, 8 KiB at a time, which is its default.
    CHUNKED,
    /// By Netty's `ChunkedNioFile`, 64 KiB at a time.
    CHUNKED64;

    /// {@return the way with a name}
    ///
    /// @throws IllegalArgumentException if the name is unknown
    static FileWay of(String name) {
        for (FileWay way : values()) {
            if (way.text().equals(name)) {
                return way;
            }
        }
        throw new IllegalArgumentException(
                "unknown way: files=" + name + "; use leasehold, sendfile, chunked or chunked64");
    }

    /// {@return the name in lower case}
    String text() {
        return name().toLowerCase(Locale.ROOT);
    }

    /// {@return the name of the allocator that the way needs or works best with}
    String allocator() {
        return this == LEASEHOLD ? "leased" : "adaptive";
    }
}
