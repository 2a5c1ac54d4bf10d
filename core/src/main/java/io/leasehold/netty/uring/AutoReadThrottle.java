package io.leasehold.netty.uring;

import io.leasehold.jumbo.PressureListener;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandler.Sharable;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.EventLoop;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;

/// Stops the reading of channels while too many pages of a ring are out, and lets it go on when they are few again:
/// then the kernel's windows fill, and the peers wait.
///
/// ```text
///   pages out   high watermark ---> autoRead off, on each channel's event loop
///               low watermark  ---> autoRead on, where it was turned off here
/// ```
///
/// Add [LeasedBufferRing#gate()] to a pipeline, anywhere. What the kernel has read by then is still delivered, so more
/// pages than the high watermark may be out. Whoever keeps buffers until more bytes come should copy them: if such
/// buffers alone exceed the low watermark, the bytes never come.
///
/// **Multishot reads need a deep ring.** With io_uring one read is good for many, until Netty cancels it. But if the
/// kernel empties the ring before that, Netty 4.2.18 starts the next read without asking for `autoRead`, and so on as
/// long as a sender keeps the socket full; then bytes come in other buffers than pages, counted, and none is lost. The
/// kernel fills 66 pages in one go at most, so with a [depth][LeasedBufferRingOptions#depth] of 128, which pages of 4
/// KiB have from the start, a channel stops with the reads that are under way. So it does at any depth with
/// `-Dio.netty.iouring.recvMultiShotEnabled=false`, with the one read that it is at.
///
/// **Ownership.** Channels are forgotten with their pipelines.
///
/// **Threads.** Thread-safe; `autoRead` is set by the channel's event loop alone. A channel whose `autoRead` was off
/// already is left alone.
@Sharable
public final class AutoReadThrottle extends ChannelInboundHandlerAdapter implements PressureListener {

    /// When a multishot read was cancelled and is wanted again before the kernel answered, and bytes come first, Netty
    /// 4.2.18 forgets that it is wanted. So it is told once more, when the answer has come, which else has no effect.
    private static final long REMINDER_NANOS = TimeUnit.MILLISECONDS.toNanos(1);

    private final Map<ChannelHandlerContext, Tap> taps = new ConcurrentHashMap<>(); // (A)
    private final LongAdder closings = new LongAdder(); // (A)
    private volatile boolean high; // (A)

    AutoReadThrottle() {}

    /// Takes a channel under its care.
    @Override
    public void handlerAdded(ChannelHandlerContext context) {
        Tap tap = new Tap(context.channel());
        taps.put(context, tap); // first: who changes the pressure after this finds it
        tap.turn(high);
    }

    /// Lets go of a channel, and lets it read if it was this that stopped it.
    @Override
    public void handlerRemoved(ChannelHandlerContext context) {
        Tap tap = taps.remove(context);
        if (tap != null) {
            tap.turn(false);
        }
    }

    /// Told by the ring.
    @Override
    public void pressureChanged(boolean isHigh) {
        high = isHigh;
        taps.forEach(this::obey);
    }

    /// Channels of the calling event loop stop at once: it runs tasks only when it has read all that there is, and as
    /// long as the kernel finds pages there is more.
    private void obey(ChannelHandlerContext context, Tap tap) {
        EventLoop loop = context.channel().eventLoop();
        if (loop.inEventLoop()) {
            tap.turn(high);
            return;
        }
        try {
            loop.execute(() -> {
                if (taps.containsKey(context)) {
                    tap.turn(high); // the pressure of then: of two changes only the last one counts
                }
            });
        } catch (RejectedExecutionException e) {
            taps.remove(context); // the event loop is gone, and the channel with it
        }
    }

    /// {@return whether too many pages are out}
    public boolean isShut() {
        return high;
    }

    /// {@return how many channels are under its care}
    public int channels() {
        return taps.size();
    }

    /// {@return how often a channel's reading was stopped}
    public long closings() {
        return closings.sum();
    }

    /// What is known of one channel.
    private final class Tap {

        private final Channel channel; // (C)
        private boolean shut; // (O) the channel's event loop

        Tap(Channel channel) {
            this.channel = channel;
        }

        @SuppressWarnings("FutureReturnValueIgnored") // nobody waits for the reminder
        void turn(boolean off) {
            if (off && !shut && channel.config().isAutoRead()) {
                shut = true;
                closings.increment();
                channel.config().setAutoRead(false);
            } else if (!off && shut) {
                shut = false;
                if (channel.isOpen()) {
                    channel.config().setAutoRead(true);
                    channel.eventLoop().schedule(this::readAgain, REMINDER_NANOS, TimeUnit.NANOSECONDS);
                }
            }
        }

        private void readAgain() {
            if (!shut && channel.isOpen() && channel.config().isAutoRead()) {
                channel.read();
            }
        }
    }

    @Override
    public String toString() {
        return "AutoReadThrottle(%s, channels=%d, closings=%d)"
                .formatted(high ? "shut" : "open", channels(), closings());
    }
}
