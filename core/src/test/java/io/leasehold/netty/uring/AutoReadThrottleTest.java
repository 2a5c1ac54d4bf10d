package io.leasehold.netty.uring;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelOutboundHandlerAdapter;
import io.netty.channel.embedded.EmbeddedChannel;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/// Channels stop reading under pressure and start again after it. Channels that did not read before do not start.
class AutoReadThrottleTest {

    private final AutoReadThrottle gate = new AutoReadThrottle();

    @Test
    void channelsStopAndGoOn() {
        EmbeddedChannel channel = new EmbeddedChannel(gate);
        gate.pressureChanged(true);
        assertThat(gate.isThrottling()).isTrue();
        channel.runPendingTasks();
        assertThat(channel.config().isAutoRead()).isFalse();
        gate.pressureChanged(false);
        channel.runPendingTasks();
        assertThat(channel.config().isAutoRead()).isTrue();
        assertThat(gate.throttlings()).isOne();
    }

    @Test
    void channelThatDidNotReadIsLeftAlone() {
        EmbeddedChannel channel = new EmbeddedChannel(gate);
        channel.config().setAutoRead(false);
        gate.pressureChanged(true);
        channel.runPendingTasks();
        gate.pressureChanged(false);
        channel.runPendingTasks();
        assertThat(channel.config().isAutoRead()).isFalse();
        assertThat(gate.throttlings()).isZero();
    }

    @Test
    void channelThatComesUnderPressureDoesNotRead() {
        gate.pressureChanged(true);
        EmbeddedChannel channel = new EmbeddedChannel(gate);
        assertThat(channel.config().isAutoRead()).isFalse();
        channel.pipeline().remove(gate);
        assertThat(channel.config().isAutoRead()).isTrue();
        assertThat(gate.channels()).isZero();
    }

    /// The second request repairs a channel whose first request Netty lost.
    @Test
    void channelThatGoesOnIsRemindedToRead() {
        AtomicInteger reads = new AtomicInteger();
        EmbeddedChannel channel = new EmbeddedChannel(new ChannelOutboundHandlerAdapter() {
            @Override
            public void read(ChannelHandlerContext context) throws Exception {
                reads.incrementAndGet();
                super.read(context);
            }
        });
        channel.freezeTime();
        channel.pipeline().addLast(gate);
        for (boolean shutAgain : new boolean[] {false, true}) {
            gate.pressureChanged(true);
            channel.runPendingTasks();
            reads.set(0);
            gate.pressureChanged(false);
            channel.runPendingTasks();
            assertThat(reads.get()).isOne();
            if (shutAgain) {
                gate.pressureChanged(true);
                channel.runPendingTasks();
            }
            channel.advanceTimeBy(10, TimeUnit.MILLISECONDS);
            channel.runScheduledPendingTasks();
            assertThat(reads.get()).isEqualTo(shutAgain ? 1 : 2);
        }
        gate.pressureChanged(false);
        channel.close().syncUninterruptibly();
    }

    @Test
    void closedChannelIsForgotten() {
        EmbeddedChannel channel = new EmbeddedChannel(gate);
        assertThat(gate.channels()).isOne();
        channel.close().syncUninterruptibly();
        channel.runPendingTasks();
        assertThat(gate.channels()).isZero();
        gate.pressureChanged(true);
    }
}
