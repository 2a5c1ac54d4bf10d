package io.leasehold.netty;

import io.netty.channel.Channel;
import io.netty.util.Attribute;
import io.netty.util.AttributeKey;
import java.util.concurrent.TimeUnit;

/// Stops one channel from reading as long as at least one handler wants that.
///
/// ```text
///   stops    0 ---- add ----> 1 ---- add ----> 2 ---- remove ----> 1 ---- remove ----> 0
///   autoRead on               off              off                 off                 on, if it was on before
/// ```
///
/// Two handlers that each set `autoRead` would undo the other's stop. Handlers that use this class do not:
/// [BudgetThrottle], the throttle of an io_uring ring, and handlers of the application.
///
/// If the application sets `autoRead` to true during a stop, the channel reads again. If the application sets it to
/// false during a stop, this class cannot notice that, because `autoRead` is false already. The last [#remove()] then
/// sets `autoRead` to true.
///
/// **Ownership.** A handler that called [#add()] calls [#remove()] once.
///
/// **Threads.** Confined to the event loop of the channel, except [#of].
public final class ReadStops {

    private static final AttributeKey<ReadStops> KEY = AttributeKey.valueOf(ReadStops.class, "stops");

    /// Delay before a channel is asked to read again. Netty 4.2.18 forgets a request to read on io_uring if it is made
    /// before the kernel has confirmed the cancellation of a multishot read, and bytes arrive first. Therefore the
    /// request is repeated after the cancellation completes. The repeat has no effect if Netty did not lose the
    /// request.
    private static final long REMINDER_NANOS = TimeUnit.MILLISECONDS.toNanos(1);

    private final Channel channel; // (C)
    private int stops; // (O)
    private boolean restores; // (O) true if `autoRead` was on when it was turned off here

    private ReadStops(Channel channel) {
        this.channel = channel;
    }

    /// {@return the stops of a channel; always the same object for one channel}
    ///
    /// @param channel the channel
    public static ReadStops of(Channel channel) {
        Attribute<ReadStops> attribute = channel.attr(KEY);
        ReadStops stops = attribute.get();
        if (stops == null) {
            stops = new ReadStops(channel);
            ReadStops other = attribute.setIfAbsent(stops);
            if (other != null) {
                stops = other;
            }
        }
        return stops;
    }

    /// Adds a stop, and turns `autoRead` off if it is on. If turning it off fails, the stop counts even so.
    public void add() {
        stops++;
        if (channel.config().isAutoRead()) {
            restores = true;
            channel.config().setAutoRead(false);
        }
    }

    /// Removes a stop. After the last one, turns `autoRead` on again if it was on before and the channel is open.
    ///
    /// If the reminder cannot be scheduled, this method throws and has changed nothing.
    ///
    /// @throws IllegalStateException if there is no stop
    /// @throws java.util.concurrent.RejectedExecutionException if the event loop does not take the reminder
    @SuppressWarnings("FutureReturnValueIgnored") // no caller waits for the reminder
    public void remove() {
        if (stops == 0) {
            throw new IllegalStateException("channel has no stop: channel=" + channel);
        }
        boolean isRestored = stops == 1 && restores;
        boolean isRead = isRestored && channel.isOpen();
        if (isRead) { // first: the reminder checks the state when it runs, so it may be scheduled in vain
            channel.eventLoop().schedule(this::readAgain, REMINDER_NANOS, TimeUnit.NANOSECONDS);
        }
        stops--;
        if (isRestored) {
            restores = false;
        }
        if (isRead) {
            channel.config().setAutoRead(true);
        }
    }

    private void readAgain() {
        if (stops == 0 && channel.isOpen() && channel.config().isAutoRead()) {
            channel.read();
        }
    }

    /// {@return true if the channel reads by itself, or would if there were no stop}
    public boolean isReader() {
        return restores || channel.config().isAutoRead();
    }

    @Override
    public String toString() {
        return "ReadStops(" + stops + ", " + channel + ")";
    }
}
