package io.leasehold.netty.file;

import io.netty.channel.Channel;
import io.netty.channel.ChannelException;
import io.netty.channel.ChannelOption;
import org.jspecify.annotations.Nullable;

/// Makes the kernel send the head of an answer and the region behind it in full segments, as one write would.
///
/// Without it the head leaves in a segment of its own, which wakes the receiver for a few hundred bytes. Corked output
/// waits for at most 200 ms. A channel that was corked already, by its user or for an earlier region, is left alone.
///
/// **Threads.** Any, as for every option of a channel. If the kernel refuses the option, or the channel is closed, the
/// answer is sent without a cork.
///
/// @see <a href="https://man7.org/linux/man-pages/man7/tcp.7.html">tcp(7), TCP_CORK</a>
final class Cork {

    /// The option of Netty's epoll transport, by its name: the classes of that transport are in an optional jar. A
    /// channel of another kind does not know it.
    private static final ChannelOption<Boolean> TCP_CORK =
            ChannelOption.valueOf("io.netty.channel.epoll.EpollChannelOption#TCP_CORK");

    private Cork() {}

    /// Puts the cork in place, if the channel has one that is not in place.
    ///
    /// @return the channel, for [#remove], or null if nothing was changed
    static @Nullable Channel put(Channel channel) {
        try {
            // null if the channel does not know the option
            boolean isRemoved =
                    channel.isActive() && Boolean.FALSE.equals(channel.config().getOption(TCP_CORK));
            return isRemoved && channel.config().setOption(TCP_CORK, true) ? channel : null;
        } catch (ChannelException e) {
            return null; // refused, or closed meanwhile
        }
    }

    /// Removes the cork, and sends what it held back.
    static void remove(Channel channel) {
        try {
            boolean _ = channel.isActive() && channel.config().setOption(TCP_CORK, false);
        } catch (ChannelException e) {
            // refused, or closed meanwhile; the kernel sends what it has within 200 ms
        }
    }
}
