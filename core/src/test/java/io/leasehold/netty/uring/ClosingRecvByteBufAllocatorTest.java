package io.leasehold.netty.uring;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.netty.channel.AdaptiveRecvByteBufAllocator;
import io.netty.channel.RecvByteBufAllocator;
import org.junit.jupiter.api.Test;

/// What a wrapper accepts; `RefusedReadTest` has what it does.
class ClosingRecvByteBufAllocatorTest {

    private final AdaptiveRecvByteBufAllocator netty = new AdaptiveRecvByteBufAllocator();

    @Test
    void handlesOfNettyAreWrapped() {
        assertThat(new ClosingRecvByteBufAllocator(netty).newHandle())
                .isInstanceOf(RecvByteBufAllocator.ExtendedHandle.class);
    }

    /// An event loop of io_uring would end when it makes the first handle.
    @Test
    void handlesThatAreNotExtendedAreRefusedAtOnce() {
        RecvByteBufAllocator plain = () -> new RecvByteBufAllocator.DelegatingHandle(netty.newHandle());
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new ClosingRecvByteBufAllocator(plain))
                .withMessageStartingWith("handles are no extended handles: reads=")
                .withMessageEndingWith(", handle=io.netty.channel.RecvByteBufAllocator$DelegatingHandle");
    }
}
