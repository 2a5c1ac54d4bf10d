package io.leasehold.netty.file;

import io.netty.channel.Channel;
import io.netty.channel.ChannelException;
import io.netty.channel.ChannelOption;
import org.jspecify.annotations.Nullable;

/// Makes the kernel send the head of an answer and the region behind it in full segments, as one write would.
///
/// Without it the head leaves in a segment of its own, which wakes the receiver for a few hundred bytes. The kernel
/// sends what it has at the latest 200 ms after the last change, also while the cork is in place.
///
/// **Threads.** Any. A channel that is closed is left alone.
///
/// @see <a href="https://man7.org/linux/man-pages/man7/tcp.7.html">tcp(7), TCP_CORK</a>
final class Cork {

    /// The option of Netty's epoll transport, by its name: the classes of that transport are in an optional jar. A
    /// channel of another kind does not know it.
    private static final ChannelOption<Boolean> TCP_CORK =
            ChannelOption.valueOf("io.netty.channel.epoll.EpollChannelOption#TCP_CORK");

    private Cork() {}

    /// Puts the cork in place, if the channel has one.
    ///
    /// @return the channel, for [#remove], or null if it has none
    static @Nullable Channel put(Channel channel) {
        return set(channel, true) ? channel : null;
    }

    /// Removes the cork, and sends what it held back.
    static void remove(Channel channel) {
        boolean _ = set(channel, false);
    }

    private static boolean set(Channel channel, boolean isCorked) {
        try {
            return channel.isActive() && channel.config().setOption(TCP_CORK, isCorked);
        } catch (ChannelException e) {
            return false; // closed meanwhile
        }
    }
}
