package io.leasehold.bench.scenario.wrk;

import io.leasehold.bench.subject.Named;

/// The compared servers of static files.
enum StaticSide implements Named {
    /// Netty with [io.leasehold.netty.file.FileSource].
    LEASEHOLD,
    /// nginx with one worker, sendfile and its cache of open files.
    NGINX,
    /// Netty with its `DefaultFileRegion`.
    SENDFILE;

    /// {@return true if the server runs in a JVM}
    boolean isJvm() {
        return this != NGINX;
    }
}
