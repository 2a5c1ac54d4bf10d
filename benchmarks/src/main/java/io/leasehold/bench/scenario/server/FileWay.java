package io.leasehold.bench.scenario.server;

import io.leasehold.bench.subject.Named;

/// The ways in which a server sends files.
enum FileWay implements Named {
    /// By [io.leasehold.netty.file.FileSource], which chooses how.
    LEASEHOLD,
    /// By Netty's `DefaultFileRegion`; not available with TLS.
    SENDFILE,
    /// By Netty's `ChunkedNioFile`, 8 KiB at a time, which is its default.
    CHUNKED,
    /// By Netty's `ChunkedNioFile`, 64 KiB at a time.
    CHUNKED64;

    /// {@return the name of the allocator that the way needs or works best with}
    String allocator() {
        return this == LEASEHOLD ? "leased" : "adaptive";
    }
}
