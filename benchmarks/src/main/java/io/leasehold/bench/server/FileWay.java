package io.leasehold.bench.server;

import java.util.Locale;

/// How a server sends files.
enum FileWay {
    /// By [io.leasehold.netty.file.FileSource], which chooses.
    LEASEHOLD,
    /// By Netty's `DefaultFileRegion`; not under TLS.
    SENDFILE,
    /// By Netty's `ChunkedNioFile`, 8 KiB at a time, which is its default.
    CHUNKED,
    /// The same, 64 KiB at a time.
    CHUNKED64;

    /// {@return the way of that name}
    ///
    /// @throws IllegalArgumentException if there is none
    static FileWay of(String name) {
        for (FileWay way : values()) {
            if (way.text().equals(name)) {
                return way;
            }
        }
        throw new IllegalArgumentException(
                "files are sent by none of leasehold, sendfile, chunked, chunked64: " + name);
    }

    /// {@return its name in small letters}
    String text() {
        return name().toLowerCase(Locale.ROOT);
    }

    /// {@return the allocator that it is at its best with, or needs}
    String allocator() {
        return this == LEASEHOLD ? "leased" : "adaptive";
    }
}
