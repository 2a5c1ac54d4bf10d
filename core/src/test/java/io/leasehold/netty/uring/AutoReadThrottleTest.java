package io.leasehold.netty.uring;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.leasehold.netty.FaultyEventLoop;
import io.leasehold.page.Eventually;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelOutboundHandlerAdapter;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.channel.local.LocalChannel;
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

    private LocalChannel channelOf(FaultyEventLoop loop) {
        LocalChannel channel = new LocalChannel();
        loop.register(channel).syncUninterruptibly();
        channel.pipeline().addLast(gate);
        loop.submit(() -> {}).syncUninterruptibly(); // the handler is added by a task
        return channel;
    }

    @Test
    void channelWhoseEventLoopIsTooBusyToStartItGoesOnLater() throws InterruptedException {
        try (FaultyEventLoop loop = new FaultyEventLoop()) {
            LocalChannel channel = channelOf(loop);
            gate.pressureChanged(true);
            loop.submit(() -> {}).syncUninterruptibly();
            assertThat(channel.config().isAutoRead()).isFalse();
            loop.whileFull(() -> gate.pressureChanged(false));
            assertThat(gate.channels()).isOne();
            Eventually.holds("the channel reads", () -> channel.config().isAutoRead());
        }
    }

    @Test
    void channelWhoseEventLoopIsTooBusyToStopItStopsAfterARead() throws InterruptedException {
        try (FaultyEventLoop loop = new FaultyEventLoop()) {
            LocalChannel channel = channelOf(loop);
            loop.whileFull(() -> gate.pressureChanged(true));
            assertThat(gate.channels()).isOne();
            assertThat(channel.config().isAutoRead()).isTrue();
            loop.submit(() -> {
                        channel.pipeline().fireChannelReadComplete();
                    })
                    .syncUninterruptibly();
            assertThat(channel.config().isAutoRead()).isFalse();
            gate.pressureChanged(false);
            loop.submit(() -> {}).syncUninterruptibly();
            assertThat(channel.config().isAutoRead()).isTrue();
        }
    }

    @Test
    void channelThatCannotBeNotifiedDoesNotKeepTheOthersFromIt() {
        try (FaultyEventLoop one = new FaultyEventLoop();
                FaultyEventLoop two = new FaultyEventLoop()) {
            LocalChannel first = channelOf(one);
            LocalChannel second = channelOf(two);
            one.failTasks(1);
            two.failTasks(1);
            assertThatThrownBy(() -> gate.pressureChanged(true))
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessage("channels were not notified: high=true, channels=2")
                    .hasCauseInstanceOf(OutOfMemoryError.class);
            assertThat(one.tasksToFail() + two.tasksToFail()).isZero();
            gate.pressureChanged(true);
            one.submit(() -> {}).syncUninterruptibly();
            two.submit(() -> {}).syncUninterruptibly();
            assertThat(first.config().isAutoRead()).isFalse();
            assertThat(second.config().isAutoRead()).isFalse();
        }
    }

    @Test
    void channelIsNotStoppedWithoutTheCheckThatStartsIt() {
        try (FaultyEventLoop loop = new FaultyEventLoop()) {
            LocalChannel channel = channelOf(loop);
            loop.failSchedules(1);
            gate.pressureChanged(true);
            loop.submit(() -> {}).syncUninterruptibly();
            assertThat(channel.config().isAutoRead()).isTrue();
            gate.pressureChanged(true);
            loop.submit(() -> {}).syncUninterruptibly();
            assertThat(channel.config().isAutoRead()).isFalse();
            loop.failSchedules(1); // of the reminder to read
            gate.pressureChanged(false);
            Eventually.holds("the channel reads", () -> channel.config().isAutoRead());
        }
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
