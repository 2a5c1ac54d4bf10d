package io.leasehold.netty;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.leasehold.budget.BudgetOptions;
import io.leasehold.budget.MemoryBudget;
import io.leasehold.page.Eventually;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelOutboundHandlerAdapter;
import io.netty.channel.ChannelPromise;
import io.netty.channel.DefaultChannelPromise;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.channel.local.LocalChannel;
import io.netty.util.concurrent.Future;
import io.netty.util.concurrent.GenericFutureListener;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// Channels over their share stop under pressure, and go on when they hold less or the pressure ends.
@Timeout(60)
@SuppressWarnings("FutureReturnValueIgnored") // the channels are embedded: done when a call returns
class BudgetThrottleTest {

    private static final int KIB = 1 << 10;
    private static final int MIB = 1 << 20;
    private static final long SOFT = 33 << 20;

    private final MemoryBudget server = MemoryBudget.of(
            BudgetOptions.of("server", 64 << 20).withSoftByteLimit(SOFT).withFairShares(true));
    private final MemoryBudget network = server.child("network", 64 << 20);
    private final MemoryBudget cache = server.child("cache", 64 << 20);
    private final Deque<ByteBuf> read = new ArrayDeque<>();
    private LeasedByteBufAllocator allocator;
    private BudgetThrottle throttle;

    @BeforeEach
    void open() {
        // the allocator is not charged to the budget, so that the test alone decides about the pressure
        allocator = LeasedByteBufAllocator.builder()
                .name("web")
                .byteLimit(128 << 20)
                .build();
        throttle = BudgetThrottle.of(network, allocator, 16 * KIB);
    }

    @AfterEach
    void close() {
        read.forEach(ByteBuf::release);
        allocator.close();
        assertThat(throttle.heldBytes()).isZero();
        assertThat(throttle.holders()).isZero();
    }

    @Test
    void messageThatIsReadAfterAForcedCloseReachesTheNextHandler() {
        LeasedByteBufAllocator closed =
                LeasedByteBufAllocator.builder().name("closed").byteLimit(MIB).build();
        EmbeddedChannel channel =
                new EmbeddedChannel(BudgetThrottle.of(network, closed, 16 * KIB).handler());
        ByteBuf message = closed.directBuffer(KIB);
        closed.closeForcibly();

        channel.writeInbound(message);

        assertThat(channel.<ByteBuf>readInbound()).isSameAs(message);
        channel.finish();
    }

    /// Puts the budget of the throttle above its share of a parent under pressure.
    private void press() {
        assertThat(network.tryReserve(33 << 20)).isTrue();
        assertThat(network.isUnderPressure()).isFalse();
        assertThat(cache.tryReserve(1)).isTrue();
        assertThat(network.isUnderPressure()).isTrue();
    }

    private EmbeddedChannel channel() {
        EmbeddedChannel channel = new EmbeddedChannel(throttle.handler());
        channel.freezeTime();
        return channel;
    }

    /// Reads a buffer and keeps what the pipeline delivers.
    private void read(EmbeddedChannel channel, int bytes) {
        channel.writeInbound(allocator.directBuffer(bytes, bytes).writeZero(bytes));
        read.add(channel.readInbound());
    }

    @Test
    void messageIsWrittenUncountedIfItsPromiseCannotBeWatched() {
        EmbeddedChannel channel = channel();
        ByteBuf message = allocator.directBuffer(KIB).writeZero(KIB);
        channel.writeAndFlush(message, new DefaultChannelPromise(channel) {
            @Override
            public ChannelPromise addListener(GenericFutureListener<? extends Future<? super Void>> listener) {
                throw new OutOfMemoryError("the Java heap is full");
            }
        });
        ByteBuf written = channel.readOutbound();
        assertThat(written).isSameAs(message);
        written.release();
        assertThat(throttle.heldBytes()).isZero();
        channel.finishAndReleaseAll();
    }

    @Test
    void channelOverItsShareStopsAndGoesOnWhenItHoldsHalfOfIt() {
        press();
        EmbeddedChannel channel = channel();
        long share = throttle.shareBytes();
        assertThat(share).isEqualTo(32 << 20);
        while (throttle.heldBytes() + MIB <= share) {
            read(channel, MIB);
        }
        assertThat(channel.config().isAutoRead()).isTrue();
        read(channel, MIB);
        assertThat(channel.config().isAutoRead()).isFalse();
        assertThat(throttle.stops()).isOne();
        while (throttle.heldBytes() - MIB > share / 2) {
            read.remove().release();
            channel.runPendingTasks();
            assertThat(channel.config().isAutoRead()).isFalse();
        }
        read.remove().release();
        channel.runPendingTasks();
        assertThat(channel.config().isAutoRead()).isTrue();
        channel.close();
    }

    @Test
    void shareIsDividedByTheChannelsThatHoldBytes() {
        press();
        EmbeddedChannel first = channel();
        EmbeddedChannel second = channel();
        EmbeddedChannel idle = channel();
        read(first, 9 * MIB);
        assertThat(throttle.shareBytes()).isEqualTo(32 << 20);
        read(second, 17 * MIB);
        assertThat(throttle.shareBytes()).isEqualTo(16 << 20);
        assertThat(first.config().isAutoRead()).isTrue();
        assertThat(second.config().isAutoRead()).as("over half of it all").isFalse();
        assertThat(idle.config().isAutoRead()).isTrue();
        read.removeFirst().release(); // of the first: now the second has a share of all, but holds more than half
        second.advanceTimeBy(100, TimeUnit.MILLISECONDS);
        second.runScheduledPendingTasks();
        assertThat(second.config().isAutoRead()).isFalse();
        read.removeFirst().release();
        second.runPendingTasks();
        assertThat(second.config().isAutoRead()).isTrue();
    }

    @Test
    void withoutPressureNoChannelStops() {
        EmbeddedChannel channel = channel();
        for (int i = 0; i < 40; i++) {
            read(channel, MIB);
        }
        assertThat(throttle.heldBytes()).isEqualTo(40L << 20);
        assertThat(channel.config().isAutoRead()).isTrue();
        assertThat(throttle.stops()).isZero();
    }

    @Test
    void smallHolderIsNeverStopped() {
        press();
        EmbeddedChannel[] channels = new EmbeddedChannel[100];
        for (int i = 0; i < channels.length; i++) {
            channels[i] = channel();
            read(channels[i], 16 * KIB);
            assertThat(channels[i].config().isAutoRead()).isTrue();
        }
        assertThat(throttle.holders()).isEqualTo(100);
    }

    @Test
    void endOfPressureIsNoticedWithoutARelease() {
        press();
        EmbeddedChannel channel = channel();
        read(channel, 33 * MIB);
        assertThat(channel.config().isAutoRead()).isFalse();
        channel.advanceTimeBy(100, TimeUnit.MILLISECONDS);
        channel.runScheduledPendingTasks();
        assertThat(channel.config().isAutoRead()).isFalse();
        network.release(network.usedBytes());
        channel.advanceTimeBy(100, TimeUnit.MILLISECONDS);
        channel.runScheduledPendingTasks();
        assertThat(channel.config().isAutoRead()).isTrue();
    }

    @Test
    void requestToReadIsKeptAndAskedOnce() {
        press();
        int[] reads = new int[1];
        EmbeddedChannel channel = new EmbeddedChannel(
                new ChannelOutboundHandlerAdapter() {
                    @Override
                    public void read(ChannelHandlerContext context) throws Exception {
                        reads[0]++;
                        super.read(context);
                    }
                },
                throttle.handler());
        channel.config().setAutoRead(false);
        channel.read();
        assertThat(reads[0]).isEqualTo(2); // one when the channel became active
        read(channel, 33 * MIB);
        assertThat(throttle.stops()).isOne();
        reads[0] = 0;
        channel.read();
        channel.read();
        assertThat(reads[0]).isZero();
        read.remove().release();
        channel.runPendingTasks();
        assertThat(reads[0]).isOne();
        assertThat(channel.config().isAutoRead())
                .as("the application reads by itself")
                .isFalse();
    }

    @Test
    void writesCountUntilTheyAreComplete() {
        press();
        EmbeddedChannel channel = channel();
        ByteBuf answer = allocator.directBuffer(33 * MIB).writeZero(33 * MIB);
        channel.write(answer, channel.voidPromise());
        assertThat(throttle.heldBytes()).isEqualTo(33L << 20);
        read(channel, 1);
        assertThat(channel.config().isAutoRead()).isFalse();
        channel.flush();
        channel.runPendingTasks();
        assertThat(channel.config().isAutoRead()).isTrue();
        assertThat(throttle.heldBytes()).isOne();
        channel.releaseOutbound();
    }

    @Test
    void removedHandlerLeavesTheChannelReading() {
        press();
        EmbeddedChannel channel = channel();
        read(channel, 33 * MIB);
        assertThat(channel.config().isAutoRead()).isFalse();
        channel.read();
        channel.pipeline().removeFirst();
        assertThat(channel.config().isAutoRead()).isTrue();
        assertThat(throttle.heldBytes()).as("counted until the release").isEqualTo(33L << 20);
        channel.advanceTimeBy(100, TimeUnit.MILLISECONDS);
        channel.runScheduledPendingTasks();
    }

    @Test
    void bufferMayOutliveItsChannel() {
        press();
        EmbeddedChannel channel = channel();
        read(channel, 33 * MIB);
        channel.close();
        channel.runPendingTasks();
        assertThat(channel.isOpen()).isFalse();
        assertThat(throttle.heldBytes()).isEqualTo(33L << 20);
        read.remove().release();
        assertThat(throttle.heldBytes()).isZero();
    }

    @Test
    void otherBuffersPassUncounted() {
        EmbeddedChannel channel = channel();
        for (ByteBuf buf : new ByteBuf[] {
            Unpooled.directBuffer(8).writeLong(1),
            allocator.heapBuffer(8).writeLong(1),
            allocator.directBuffer(8).writeLong(1).asReadOnly(),
            Unpooled.EMPTY_BUFFER
        }) {
            channel.writeInbound(buf);
            assertThat((ByteBuf) channel.readInbound()).isSameAs(buf);
            buf.release();
        }
        channel.writeInbound("a message");
        assertThat((String) channel.readInbound()).isEqualTo("a message");
        channel.writeOutbound("a message");
        assertThat((String) channel.readOutbound()).isEqualTo("a message");
        assertThat(throttle.heldBytes()).isZero();
    }

    /// The buffer behaves like the one that was read: indices, bytes, space behind them, growth.
    @Test
    void wrappedBufferHasTheSameBytesAndMayGrow() {
        EmbeddedChannel channel = channel();
        ByteBuf buf = allocator.directBuffer(64).writeLong(1).writeLong(2).skipBytes(8);
        channel.writeInbound(buf);
        ByteBuf wrapper = channel.readInbound();
        assertThat(wrapper.readerIndex()).isEqualTo(8);
        assertThat(wrapper.readableBytes()).isEqualTo(8);
        assertThat(wrapper.maxFastWritableBytes()).isEqualTo(48);
        assertThat(wrapper.getLong(8)).isEqualTo(2);
        assertThat(throttle.heldBytes()).isEqualTo(64);
        ByteBuf slice = wrapper.retainedSlice(8, 8);
        wrapper.release();
        assertThat(throttle.heldBytes()).isEqualTo(64);
        assertThat(slice.getLong(0)).isEqualTo(2);
        slice.release();
        assertThat(throttle.heldBytes()).isZero();
        assertThat(buf.refCnt()).isZero();
        channel.writeInbound(allocator.directBuffer(64).writeLong(3));
        ByteBuf grown = channel.readInbound();
        grown.writeZero(1000);
        assertThat(grown.readLong()).isEqualTo(3);
        assertThat(throttle.heldBytes())
                .as("the bytes have moved to another block")
                .isZero();
        grown.release();
    }

    @Test
    void twoThrottlesOfOneChannelDoNotUndoEachOther() {
        press();
        EmbeddedChannel channel = new EmbeddedChannel(
                throttle.handler(),
                BudgetThrottle.of(network, allocator, 34 * MIB).handler());
        ReadStops stops = ReadStops.of(channel);
        read(channel, 33 * MIB); // counted by both, over the share of the first
        assertThat(channel.config().isAutoRead()).isFalse();
        stops.add();
        assertThat(stops.isReader()).isTrue();
        read.remove().release();
        channel.runPendingTasks();
        assertThat(channel.config().isAutoRead()).as("one stop is left").isFalse();
        stops.remove();
        assertThat(channel.config().isAutoRead()).isTrue();
        assertThatThrownBy(stops::remove)
                .isInstanceOf(IllegalStateException.class)
                .hasMessageStartingWith("channel has no stop: channel=");
    }

    /// Keeps what a pipeline delivers, and the failures.
    private final class Keeper extends ChannelInboundHandlerAdapter {

        private final List<Throwable> failures = new CopyOnWriteArrayList<>(); // (A)

        @Override
        public void channelRead(ChannelHandlerContext context, Object message) {
            read.add((ByteBuf) message);
        }

        @Override
        public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
            failures.add(cause);
        }
    }

    @Test
    void channelStopsAndGoesOnThoughTasksCannotBeScheduled() {
        press();
        try (FaultyEventLoop loop = new FaultyEventLoop()) {
            LocalChannel channel = new LocalChannel();
            Keeper keeper = new Keeper();
            loop.register(channel).syncUninterruptibly();
            channel.pipeline().addLast(throttle.handler(), keeper);
            loop.failSchedules(1);
            deliver(channel, 33 * MIB);
            assertThat(keeper.failures).hasSize(1).first().isInstanceOf(OutOfMemoryError.class);
            assertThat(channel.config().isAutoRead()).as("nothing has changed").isTrue();
            assertThat(throttle.stops()).isZero();
            deliver(channel, 1);
            assertThat(channel.config().isAutoRead()).isFalse();
            assertThat(throttle.stops()).isOne();
            loop.failSchedules(2);
            network.release(network.usedBytes());
            Eventually.holds("the channel reads", () -> channel.config().isAutoRead());
            assertThat(loop.schedulesToFail()).isZero();
            assertThat(keeper.failures).hasSize(1);
        }
    }

    @Test
    void channelGoesOnAfterAReleaseThatCouldNotTellIt() {
        press();
        try (FaultyEventLoop loop = new FaultyEventLoop()) {
            LocalChannel channel = new LocalChannel();
            loop.register(channel).syncUninterruptibly();
            channel.pipeline().addLast(throttle.handler(), new Keeper());
            deliver(channel, 33 * MIB);
            assertThat(channel.config().isAutoRead()).isFalse();
            loop.failTasks(1);
            assertThatCode(() -> read.remove().release()).doesNotThrowAnyException();
            assertThat(loop.tasksToFail()).isZero();
            Eventually.holds("the channel reads", () -> channel.config().isAutoRead());
        }
    }

    private void deliver(LocalChannel channel, int bytes) {
        channel.eventLoop()
                .submit(() -> {
                    channel.pipeline()
                            .fireChannelRead(
                                    allocator.directBuffer(bytes, bytes).writeZero(bytes));
                })
                .syncUninterruptibly();
    }

    @Test
    void minimumIsChecked() {
        assertThatThrownBy(() -> BudgetThrottle.of(network, allocator, 0))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("minShareBytes is too low: minShareBytes=0, min=1");
    }
}
