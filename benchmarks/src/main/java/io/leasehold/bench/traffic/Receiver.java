package io.leasehold.bench.traffic;

import io.leasehold.bench.server.Transport;
import io.netty.channel.uring.IoUring;
import java.util.Optional;

/// Who receives.
enum Receiver {
    /// Pages of our ring: by Netty's io_uring, or by our own source of datagrams.
    LEASED("leased"),
    /// The same with pages of 64 KiB, where others have small ones.
    LEASED64("leased64"),
    /// Netty's io_uring with its own fixed ring, as deep as ours.
    RING("ring"),
    /// The same, 64 pages deep.
    RING64("ring64"),
    /// Netty's epoll with its adaptive allocator, reading as much as it expects there to be.
    EPOLL("epoll"),
    /// The same, reading no more at once than a page of ours has.
    EPOLL4("epoll4"),
    /// The same, with receive offload.
    EPOLL_GRO("epollGro");

    private final String text;

    Receiver(String text) {
        this.text = text;
    }

    /// {@return the receiver of that name}
    static Receiver of(String name) {
        for (Receiver receiver : values()) {
            if (receiver.text.equals(name)) {
                return receiver;
            }
        }
        throw new IllegalArgumentException("no such receiver: " + name);
    }

    /// {@return what it is called in results}
    String text() {
        return text;
    }

    /// {@return whether its pages are ours}
    boolean isOurs() {
        return this == LEASED || this == LEASED64;
    }

    /// {@return whether it receives this by io_uring}
    boolean isUring(Traffic traffic) {
        return traffic != Traffic.TRAINS && !isEpoll();
    }

    /// {@return whether it receives this by Netty's epoll}
    boolean isEpoll() {
        return this == EPOLL || this == EPOLL4 || this == EPOLL_GRO;
    }

    /// {@return why io_uring cannot be used here, or nothing if it can}
    static Optional<String> missingUring() {
        try {
            if (!IoUring.isAvailable()) {
                Throwable cause = IoUring.unavailabilityCause();
                while (cause.getCause() != null) {
                    cause = cause.getCause();
                }
                return Optional.of(cause.toString());
            }
            return IoUring.isRegisterBufferRingSupported()
                    ? Optional.empty()
                    : Optional.of("the kernel has no rings of buffers");
        } catch (LinkageError e) { // the artifact is not there
            return Optional.of(e.toString());
        }
    }

    /// {@return why epoll cannot be used here, or nothing if it can}
    static Optional<String> missingEpoll() {
        try {
            return Transport.EPOLL.missing();
        } catch (LinkageError e) { // the artifact is not there
            return Optional.of(e.toString());
        }
    }
}
