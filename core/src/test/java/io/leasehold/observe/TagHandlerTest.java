package io.leasehold.observe;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.leasehold.netty.LeasedByteBufAllocator;
import io.leasehold.netty.TagHandler;
import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelPipeline;
import io.netty.channel.embedded.EmbeddedChannel;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/// Buffers of a channel count under the tag of the channel.
final class TagHandlerTest {

    private final LeasedByteBufAllocator allocator = LeasedByteBufAllocator.builder()
            .name("channels")
            .byteLimit(16 << 20)
            .build();

    private final List<ByteBuf> live = new ArrayList<>();

    @AfterEach
    void close() {
        live.forEach(ByteBuf::release);
        allocator.close();
    }

    /// Allocates and keeps a buffer for each message, event and state.
    private final class Hoarder extends ChannelInboundHandlerAdapter {

        @Override
        public void channelRead(ChannelHandlerContext ctx, Object message) {
            live.add(ctx.alloc().directBuffer(1024));
        }

        @Override
        public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
            live.add(ctx.alloc().directBuffer(1024));
        }
    }

    /// Allocates and keeps a buffer for each state of a channel and each exception.
    private final class StateHoarder extends ChannelInboundHandlerAdapter {

        @Override
        public void channelRegistered(ChannelHandlerContext ctx) {
            live.add(ctx.alloc().directBuffer(1024));
        }

        @Override
        public void channelUnregistered(ChannelHandlerContext ctx) {
            live.add(ctx.alloc().directBuffer(1024));
        }

        @Override
        public void channelActive(ChannelHandlerContext ctx) {
            live.add(ctx.alloc().directBuffer(1024));
        }

        @Override
        public void channelInactive(ChannelHandlerContext ctx) {
            live.add(ctx.alloc().directBuffer(1024));
        }

        @Override
        public void channelReadComplete(ChannelHandlerContext ctx) {
            live.add(ctx.alloc().directBuffer(1024));
        }

        @Override
        public void channelWritabilityChanged(ChannelHandlerContext ctx) {
            live.add(ctx.alloc().directBuffer(1024));
        }

        @Override
        public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
            live.add(ctx.alloc().directBuffer(1024));
        }
    }

    private EmbeddedChannel channel(String tag) {
        EmbeddedChannel channel = new EmbeddedChannel();
        channel.config().setAllocator(allocator);
        channel.pipeline()
                .addLast(
                        new TagHandler(tag),
                        TagHandler.chooser(
                                message -> message.toString().startsWith("host ") ? message.toString() : null),
                        new Hoarder());
        return channel;
    }

    @Test
    void eventsOfEachChannelHaveItsTag() {
        EmbeddedChannel one = channel("one");
        EmbeddedChannel two = channel("two");

        one.writeInbound("a", "b");
        two.writeInbound("c");
        two.pipeline().fireUserEventTriggered("d");
        live.add(allocator.directBuffer(1024));

        assertThat(blocks("one")).isEqualTo(2);
        assertThat(blocks("two")).isEqualTo(2);
        assertThat(blocks("channels")).isEqualTo(1);
        one.finishAndReleaseAll();
        two.finishAndReleaseAll();
    }

    @Test
    void everyInboundEventHasTheTag() {
        EmbeddedChannel channel = new EmbeddedChannel();
        channel.config().setAllocator(allocator);
        ChannelPipeline pipeline = channel.pipeline().addLast(new TagHandler("states"), new StateHoarder());

        pipeline.fireChannelRegistered()
                .fireChannelActive()
                .fireChannelReadComplete()
                .fireChannelWritabilityChanged()
                .fireExceptionCaught(new IOException("connection reset"))
                .fireChannelInactive()
                .fireChannelUnregistered();

        assertThat(live).hasSize(7);
        assertThat(blocks("states")).isEqualTo(7);
        live.add(allocator.directBuffer(1024));
        assertThat(blocks("channels")).as("the thread has its own tag again").isEqualTo(1);
        pipeline.removeLast();
        channel.finishAndReleaseAll();
    }

    @Test
    void chooserChangesTheTagForTheRestOfTheChannel() {
        EmbeddedChannel channel = channel("unnamed");

        channel.writeInbound("a");
        channel.pipeline().fireUserEventTriggered("host example");
        channel.writeInbound("b");

        assertThat(blocks("unnamed")).isEqualTo(1);
        assertThat(blocks("host example")).isEqualTo(2);
        channel.finishAndReleaseAll();
    }

    /// The name may come from a remote peer, as the host name of a TLS handshake does.
    @Test
    void longNameIsShortenedAndBlankNameKeepsTheTag() {
        EmbeddedChannel channel = tagged(Object::toString);

        channel.writeInbound("h".repeat(300), " ".repeat(300), "", "p".repeat(99) + "\uD83D\uDE00");
        channel.pipeline().fireUserEventTriggered(" ");

        assertThat(blocks("h".repeat(100))).isEqualTo(3);
        assertThat(blocks("p".repeat(99))).isEqualTo(2);
        channel.finishAndReleaseAll();
    }

    @Test
    void messageIsPassedOnIfTheChoiceFails() {
        EmbeddedChannel channel = tagged(message -> {
            throw new IllegalStateException("no name");
        });

        assertThatThrownBy(() -> channel.writeInbound("a")).hasMessage("no name");
        channel.pipeline().fireUserEventTriggered("b");

        assertThatThrownBy(channel::checkException).hasMessage("no name");
        assertThat(blocks("unnamed")).isEqualTo(2);
        channel.finishAndReleaseAll();
    }

    private EmbeddedChannel tagged(Function<Object, @Nullable String> choice) {
        EmbeddedChannel channel = new EmbeddedChannel();
        channel.config().setAllocator(allocator);
        channel.pipeline().addLast(new TagHandler("unnamed"), TagHandler.chooser(choice), new Hoarder());
        return channel;
    }

    @Test
    void buffersOfReadsHaveTheTag() {
        EmbeddedChannel channel = channel("reads");

        live.add(channel.config().getRecvByteBufAllocator().newHandle().allocate(allocator));

        assertThat(blocks("reads")).isEqualTo(1);
        channel.finishAndReleaseAll();
    }

    @Test
    void removedHandlerTagsNothing() {
        EmbeddedChannel channel = channel("gone");
        channel.pipeline().remove(TagHandler.class);

        live.add(channel.config().getRecvByteBufAllocator().newHandle().allocate(allocator));
        channel.writeInbound("a");

        assertThat(blocks("channels")).isEqualTo(2);
        channel.finishAndReleaseAll();
    }

    @Test
    void chooserAloneLeavesTheTagOfTheThread() {
        EmbeddedChannel channel = channel("gone");
        channel.pipeline().remove(TagHandler.class);
        try (Holder holder = Holder.tag("outer")) {
            channel.writeInbound("host example");
            assertThat(holder).isNotNull();
        }

        assertThat(blocks("outer")).isEqualTo(1);
        channel.finishAndReleaseAll();
    }

    @Test
    void tagIsChecked() {
        assertThatThrownBy(() -> new TagHandler(""))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("tag is blank: tag=\"\"");
    }

    private static long blocks(String tag) {
        return Holders.exact().stream()
                .filter(h -> h.kind().equals("allocator")
                        && h.source().equals("channels")
                        && h.tag().equals(tag))
                .mapToLong(Holding::blocks)
                .sum();
    }
}
