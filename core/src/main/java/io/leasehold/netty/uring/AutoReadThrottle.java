package io.leasehold.netty.uring;

import static io.leasehold.text.Texts.format;

import io.leasehold.jumbo.PressureListener;
import io.leasehold.memory.StripedCounter;
import io.leasehold.netty.ReadStops;
import io.netty.channel.ChannelHandler.Sharable;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.EventLoop;
import io.netty.util.concurrent.ScheduledFuture;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/// Stops channels from reading while too many pages of a ring are in use, and starts them again when few are. Meanwhile
/// the TCP receive windows fill, and the peers wait.
///
/// ```text
///   pages in use   high watermark ---> autoRead off, on each channel's event loop
///                  low watermark  ---> autoRead on, where this handler turned it off
/// ```
///
/// Add [LeasedBufferRing#throttle()] to a pipeline, at any place. Data that the kernel has already read is still
/// delivered, so more pages than the high watermark may be in use. A handler that keeps buffers until more bytes arrive
/// should copy them. If such buffers alone exceed the low watermark, those bytes never arrive.
///
/// **Multishot reads need a deep ring.** With io_uring one multishot read delivers many buffers, until Netty cancels
/// it. But if the kernel empties the ring first, Netty 4.2.18 starts the next read without checking `autoRead`. This
/// repeats as long as a sender keeps the socket full. The bytes then arrive in fallback buffers, which are counted, and
/// none is lost. The kernel fills at most 66 pages in one go. So with a [depth][LeasedBufferRingOptions#depth] of 128,
/// the default for pages of 4 KiB, a channel stops after the reads in progress. With
/// `-Dio.netty.iouring.recvMultiShotEnabled=false` it stops at any depth, after the read in progress.
///
/// **Lost notices.** The event loop of a channel may reject the task that stops or starts the channel, because its
/// queue of tasks is full. Then the channel stops after its next read. A stopped channel checks the pressure every
/// second, and starts again if the pressure has ended.
///
/// **Ownership.** A channel is forgotten when this handler is removed from its pipeline.
///
/// **Threads.** Thread-safe. Only the channel's event loop sets `autoRead`, through [ReadStops]. A channel whose
/// `autoRead` was turned off by the application is not changed.
@Sharable
public final class AutoReadThrottle extends ChannelInboundHandlerAdapter implements PressureListener {

    /// Interval at which a stopped channel checks whether the pressure has ended, in case the notice was lost. The
    /// interval is long because all channels of a server may be stopped at the same time.
    private static final long INTERVAL_NANOS = TimeUnit.SECONDS.toNanos(1);

    private final Map<ChannelHandlerContext, Tap> taps = new ConcurrentHashMap<>(); // (A)
    private final StripedCounter throttlings = new StripedCounter(); // (A)
    private volatile boolean high; // (A)

    AutoReadThrottle() {}

    /// Registers a channel, and stops it if there is pressure.
    @Override
    public void handlerAdded(ChannelHandlerContext context) {
        Tap tap = new Tap(context);
        taps.put(context, tap); // first: a later change of the pressure finds the tap
        tap.setStopped(high);
    }

    /// Unregisters a channel, and starts it again if this handler stopped it.
    @Override
    public void handlerRemoved(ChannelHandlerContext context) {
        Tap tap = taps.remove(context);
        if (tap != null) {
            tap.setStopped(false);
        }
    }

    /// Stops the channel after a read, if the notice to stop it was lost.
    @Override
    public void channelReadComplete(ChannelHandlerContext context) {
        try {
            Tap tap = high ? taps.get(context) : null;
            if (tap != null) {
                tap.setStopped(true);
            }
        } finally {
            context.fireChannelReadComplete();
        }
    }

    /// Stops or starts the registered channels. Called by the ring.
    ///
    /// @throws IllegalStateException if channels could not be notified, after all others were; see the class
    @Override
    public void pressureChanged(boolean isHigh) {
        high = isHigh;
        int failed = 0;
        Throwable cause = null;
        for (Map.Entry<ChannelHandlerContext, Tap> entry : taps.entrySet()) {
            try {
                apply(entry.getKey(), entry.getValue());
            } catch (RuntimeException | Error e) { // the other channels must be notified even so
                failed++;
                cause = e;
            }
        }
        if (cause != null) {
            throw new IllegalStateException(
                    "channels were not notified: high=" + isHigh + ", channels=" + failed, cause);
        }
    }

    /// Applies the pressure to one channel. A channel of the calling event loop stops at once, without a task. The
    /// event loop would run the task only after it has read everything, and there is more to read as long as the kernel
    /// finds pages.
    private void apply(ChannelHandlerContext context, Tap tap) {
        EventLoop loop = context.channel().eventLoop();
        if (loop.inEventLoop()) {
            tap.setStopped(high);
            return;
        }
        try {
            loop.execute(tap::check); // reads `high` again: of two changes only the last one counts
        } catch (RejectedExecutionException e) {
            // a full queue rejects too; then the channel notices the change after a read, or by its next check
            if (loop.isShuttingDown()) {
                taps.remove(context); // the channel ends with its event loop
            }
        }
    }

    /// {@return true if too many pages are in use}
    public boolean isThrottling() {
        return high;
    }

    /// {@return the number of registered channels}
    public int channels() {
        return taps.size();
    }

    /// {@return the number of times that a channel was stopped from reading}
    public long throttlings() {
        return throttlings.sum();
    }

    /// The state of one registered channel.
    private final class Tap {

        private final ChannelHandlerContext context; // (C)
        private final ReadStops stops; // (C)
        private boolean stopped; // (O) the channel's event loop
        private @Nullable ScheduledFuture<?> checks; // (O) the channel's event loop; null unless they are scheduled

        Tap(ChannelHandlerContext context) {
            this.context = context;
            this.stops = ReadStops.of(context.channel());
        }

        void setStopped(boolean stop) {
            if (stop && !stopped && stops.isReader()) {
                if (checks == null) { // first: if it fails, the channel is not stopped without an end
                    checks = context.channel()
                            .eventLoop()
                            .scheduleWithFixedDelay(this::check, INTERVAL_NANOS, INTERVAL_NANOS, TimeUnit.NANOSECONDS);
                }
                throttlings.increment();
                stopped = true;
                stops.add();
            } else if (!stop && stopped) {
                stops.remove();
                stopped = false;
                endChecks();
            }
        }

        /// Stops or starts the channel as the pressure is now. A task of the event loop.
        private void check() {
            try {
                setStopped(high && taps.containsKey(context));
            } catch (Throwable e) {
                // an exception would end the checks; the next check or read tries again
            }
            if (!stopped) {
                endChecks(); // a stop that failed has left them
            }
        }

        private void endChecks() {
            ScheduledFuture<?> ended = checks;
            if (ended != null) {
                checks = null;
                ended.cancel(false);
            }
        }
    }

    @Override
    public String toString() {
        return format(
                "AutoReadThrottle(%s, channels=%d, throttlings=%d)",
                high ? "throttling" : "reading", channels(), throttlings());
    }
}
