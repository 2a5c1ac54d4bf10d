package io.leasehold.bench.scenario.traffic;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.unix.Errors;
import java.io.IOException;
import java.nio.channels.ClosedChannelException;
import org.junit.jupiter.api.Test;

/// Failures of a connection. The sender closes its connections at the end of its term, and that is no failure.
class EchoTest {

    /// {@return the number of wrong results after a failure of an echo and of a sink}
    private static long wrongAfter(Throwable cause) {
        Tally tally = new Tally();
        for (EmbeddedChannel channel :
                new EmbeddedChannel[] {new EmbeddedChannel(new Echo(tally)), new EmbeddedChannel(new Sink(tally))}) {
            channel.pipeline().fireExceptionCaught(cause);
            assertThat(channel.isOpen()).isFalse();
        }
        return tally.values().wrong();
    }

    @Test
    void failureOfTheSystemIsCounted() {
        assertThat(wrongAfter(new IOException("recvmsg(..) failed: Bad address")))
                .isEqualTo(2);
        assertThat(wrongAfter(new IllegalStateException("broken"))).isEqualTo(2);
    }

    @Test
    void closedConnectionIsNotCounted() {
        assertThat(wrongAfter(new ClosedChannelException())).isZero();
    }

    @Test
    void errorsOfNettyAreToldApart() {
        assumeTrue(Epoll.isAvailable(), "epoll is not available, so there are no errors of it");
        assertThat(wrongAfter(Errors.newIOException("write", Errors.ERRNO_EPIPE_NEGATIVE)))
                .isZero();
        assertThat(wrongAfter(Errors.newIOException("read", Errors.ERRNO_ECONNRESET_NEGATIVE)))
                .isZero();
        assertThat(wrongAfter(Errors.newIOException("read", Errors.ERRNO_EBADF_NEGATIVE)))
                .isEqualTo(2);
    }
}
