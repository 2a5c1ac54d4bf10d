package io.leasehold.bench.scenario.traffic;

import io.leasehold.bench.scenario.server.Transport;
import io.leasehold.bench.subject.Named;
import io.netty.channel.uring.IoUring;
import java.util.Optional;

/// The receivers that are compared.
enum Receiver implements Named {
    /// Pages of a pool of Leasehold, filled by Netty's io_uring or by a `DatagramSource`.
    LEASED("leased"),
    /// As [#LEASED], with pages of 64 KiB where other receivers have small ones.
    LEASED64("leased64"),
    /// Netty's io_uring with its own fixed ring, of the same depth as Leasehold's.
    RING("ring"),
    /// As [#RING], with 64 pages.
    RING64("ring64"),
    /// Netty's epoll with its adaptive allocator and default read sizes.
    EPOLL("epoll"),
    /// As [#EPOLL], with reads of at most the size of a Leasehold page.
    EPOLL4("epoll4"),
    /// As [#EPOLL], with GRO.
    EPOLL_GRO("epollGro");

    private final String text;

    Receiver(String text) {
        this.text = text;
    }

    @Override
    public String text() {
        return text;
    }

    /// {@return true if it uses pages of Leasehold}
    boolean isOurs() {
        return this == LEASED || this == LEASED64;
    }

    /// {@return true if it receives this traffic through io_uring}
    boolean isUring(Traffic traffic) {
        return traffic != Traffic.DATAGRAMS && !isEpoll();
    }

    /// {@return true if it receives through Netty's epoll}
    boolean isEpoll() {
        return this == EPOLL || this == EPOLL4 || this == EPOLL_GRO;
    }

    /// {@return the reason why io_uring cannot be used here; empty if it can}
    static Optional<String> missingUring() {
        try {
            if (!IoUring.isAvailable()) {
                return Optional.of(Transport.reason(IoUring.unavailabilityCause()));
            }
            return IoUring.isRegisterBufferRingSupported()
                    ? Optional.empty()
                    : Optional.of("the kernel does not support buffer rings");
        } catch (LinkageError e) { // the artifact is missing
            return Optional.of(e.toString());
        }
    }

    /// {@return the reason why epoll cannot be used here; empty if it can}
    static Optional<String> missingEpoll() {
        try {
            return Transport.EPOLL.missing();
        } catch (LinkageError e) { // the artifact is missing
            return Optional.of(e.toString());
        }
    }
}
