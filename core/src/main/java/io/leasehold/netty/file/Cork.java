package io.leasehold.netty.file;

import io.netty.channel.Channel;
import io.netty.channel.ChannelException;
import io.netty.channel.ChannelOption;
import java.util.concurrent.RejectedExecutionException;
import org.jspecify.annotations.Nullable;

/// Makes the kernel send the head of an answer and the region behind it in full segments, as one write would.
///
/// Without it the head leaves in a segment of its own, which wakes the receiver for a few hundred bytes. Corked output
/// waits for at most 200 ms. A channel that was corked already, by its user or for an earlier region, is left alone.
///
/// If the kernel refuses the option, or the channel is closed, the answer is sent without a cork.
///
/// **Threads.** Any. The option is changed on the event loop only: it closes the channel, and the kernel may give the
/// descriptor of a closed channel to another connection.
///
/// @see <a href="https://man7.org/linux/man-pages/man7/tcp.7.html">tcp(7), TCP_CORK</a>
final class Cork {

    /// The option of Netty's epoll transport, by its name: the classes of that transport are in an optional jar. A
    /// channel of another kind does not know it.
    private static final ChannelOption<Boolean> TCP_CORK =
            ChannelOption.valueOf("io.netty.channel.epoll.EpollChannelOption#TCP_CORK");

    private Cork() {}

    /// Puts the cork in place, if the channel has one that is not in place, and its event loop calls.
    ///
    /// @return the channel, for [#remove], or null if nothing was changed
    static @Nullable Channel put(Channel channel) {
        try {
            // an accepted channel is active before it has an event loop
            boolean isOwn = channel.isActive()
                    && channel.isRegistered()
                    && channel.eventLoop().inEventLoop();
            // null if the channel does not know the option
            boolean isRemoved = isOwn && Boolean.FALSE.equals(channel.config().getOption(TCP_CORK));
            return isRemoved && channel.config().setOption(TCP_CORK, true) ? channel : null;
        } catch (ChannelException e) {
            return null; // refused, or closed meanwhile
        }
    }

    /// Removes the cork, and sends what it held back.
    static void remove(Channel channel) {
        if (channel.eventLoop().inEventLoop()) {
            removeNow(channel);
        } else {
            try {
                channel.eventLoop().execute(() -> removeNow(channel));
            } catch (RejectedExecutionException e) {
                // the event loop ended, and with it the channel
            }
        }
    }

    private static void removeNow(Channel channel) {
        try {
            boolean _ = channel.isActive() && channel.config().setOption(TCP_CORK, false);
        } catch (ChannelException e) {
            // refused, or closed meanwhile; the kernel sends what it has within 200 ms
        }
    }
}
