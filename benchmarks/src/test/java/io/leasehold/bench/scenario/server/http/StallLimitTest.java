package io.leasehold.bench.scenario.server.http;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.Unpooled;
import io.netty.channel.embedded.EmbeddedChannel;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// Connections in a time that the test advances.
class StallLimitTest {

    private static final String REQUEST = "GET / HTTP/1.1\r\nHost: x\r\n\r\n";

    private final PacedDecoder decoder = new PacedDecoder(16);
    private EmbeddedChannel channel;

    @BeforeEach
    void open() {
        channel = new EmbeddedChannel(decoder, new StallLimit(decoder));
        channel.freezeTime();
    }

    @AfterEach
    void close() {
        channel.finishAndReleaseAll();
    }

    private void pass(int seconds) {
        for (int second = 0; second < seconds; second++) {
            channel.advanceTimeBy(1, TimeUnit.SECONDS);
            channel.runPendingTasks();
        }
    }

    private void receive(String bytes) {
        channel.writeInbound(Unpooled.copiedBuffer(bytes, US_ASCII));
        channel.releaseInbound();
    }

    @Test
    void silentConnectionIsClosed() {
        pass(StallLimit.LIMIT_SECONDS - 1);
        assertThat(channel.isOpen()).isTrue();
        pass(20);
        assertThat(channel.isOpen()).isFalse();
    }

    @Test
    void requestThatIsSentByteByByteIsClosed() {
        String endless = "GET / HTTP/1.1\r\nX: " + "x".repeat(1_000);
        int second = 0;
        while (channel.isOpen() && second < 1_000) {
            receive(endless.substring(second, second + 1));
            pass(1);
            second++;
        }
        assertThat(second).isBetween(StallLimit.LIMIT_SECONDS, StallLimit.LIMIT_SECONDS + 20);
    }

    @Test
    void connectionWithRequestsStaysOpen() {
        for (int i = 0; i < 20; i++) {
            receive(REQUEST);
            decoder.answered();
            pass(StallLimit.LIMIT_SECONDS / 2);
        }
        assertThat(channel.isOpen()).isTrue();
    }

    @Test
    void clientThatReadsSlowlyStaysConnectedAndOneThatReadsNothingDoesNot() {
        receive(REQUEST);
        for (int i = 0; i < 10; i++) {
            channel.unsafe()
                    .outboundBuffer()
                    .addMessage(Unpooled.wrappedBuffer(new byte[100]), 100, channel.newPromise());
        }
        channel.unsafe().outboundBuffer().addFlush();
        for (int i = 0; i < 20; i++) {
            channel.unsafe().outboundBuffer().progress(1);
            pass(StallLimit.LIMIT_SECONDS / 2);
        }
        assertThat(channel.isOpen()).isTrue();
        pass(StallLimit.LIMIT_SECONDS + 20);
        assertThat(channel.isOpen()).isFalse();
    }
}
