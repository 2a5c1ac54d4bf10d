package io.leasehold.netty;

import io.leasehold.holder.Tag;
import io.leasehold.holder.ThreadTag;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.channel.ChannelConfig;
import io.netty.channel.ChannelDuplexHandler;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelPromise;
import io.netty.channel.RecvByteBufAllocator;
import io.netty.util.Attribute;
import io.netty.util.AttributeKey;
import io.netty.util.UncheckedBooleanSupplier;
import java.util.Objects;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/// Counts the buffers of a channel under a tag, in the reports of `io.leasehold.observe`.
///
/// ```text
///   socket ---> read buffer ---> TagHandler ---> SslHandler ---> HttpServerCodec ---> chooser ---> ...
///               tagged            sets the tag of the thread for each event            changes the tag
/// ```
///
/// Add it as the first handler. The buffers that the transport reads into are tagged, and all buffers that the handlers
/// behind it allocate while they handle an event of the channel. A task that a handler gives to an executor is not part
/// of an event. Add a handler of [#chooser] where the client or the route is known, for example behind an `SniHandler`:
///
/// ```java
/// pipeline.addLast(new TagHandler("web"), sni, TagHandler.chooser(
///         event -> event instanceof SniCompletionEvent named ? named.hostname() : null));
/// ```
///
/// **Cost.** Each event sets the tag of the thread and restores it, a few nanoseconds each. Each buffer has the cost of
/// a tag, see `io.leasehold.observe.Holder`.
///
/// **Threads.** A handler belongs to one channel, and is used by its event loop.
public final class TagHandler extends ChannelDuplexHandler {

    private static final AttributeKey<Tag> TAG = AttributeKey.valueOf(TagHandler.class, "tag");

    private final Tag first; // (C)
    private @Nullable Attribute<Tag> tag; // (O) the event loop; null before the handler is added

    /// Creates a handler for one channel.
    ///
    /// @param tag tag of the channel until a chooser changes it, at most 100 characters
    /// @throws IllegalArgumentException if it is blank or too long
    public TagHandler(String tag) {
        this.first = Tag.of(tag);
    }

    /// Creates a handler that changes the tag of its channel. It passes all events on, and has no effect in a channel
    /// without a `TagHandler` before it.
    ///
    /// A name may come from a remote peer. So a name is shortened to [Tag#MAX_NAME_LENGTH] characters, and a blank name
    /// keeps the tag. If `choice` throws, the next handler gets the exception, and then the message.
    ///
    /// @param choice returns the new tag for an inbound message or a user event, for example an HTTP request or the
    ///     event of an `SniHandler`; or null to keep the tag. It is called on the event loop, and does not release the
    ///     message
    /// @return the handler, for one channel
    /// @throws NullPointerException if `choice` is null
    public static ChannelHandler chooser(Function<Object, @Nullable String> choice) {
        return new Chooser(Objects.requireNonNull(choice, "choice is null"));
    }

    @Override
    public void handlerAdded(ChannelHandlerContext ctx) {
        Attribute<Tag> added = ctx.channel().attr(TAG);
        added.set(first);
        tag = added;
        ChannelConfig config = ctx.channel().config();
        RecvByteBufAllocator reads = config.getRecvByteBufAllocator();
        config.setRecvByteBufAllocator(new TaggedReads(reads, added));
    }

    @Override
    public void handlerRemoved(ChannelHandlerContext ctx) {
        ctx.channel().attr(TAG).set(null);
        ChannelConfig config = ctx.channel().config();
        if (config.<RecvByteBufAllocator>getRecvByteBufAllocator() instanceof TaggedReads tagged) {
            config.setRecvByteBufAllocator(tagged.reads); // a read loop keeps the handle that it has
        }
    }

    private @Nullable Tag begin() {
        return ThreadTag.set(tag == null ? first : tag.get());
    }

    /// Passes an event on. The handlers behind run with the tag of the channel.
    private void pass(ChannelHandlerContext ctx, Consumer<ChannelHandlerContext> event) {
        Tag before = begin();
        try {
            event.accept(ctx);
        } finally {
            ThreadTag.set(before);
        }
    }

    private <T> void pass(ChannelHandlerContext ctx, BiConsumer<ChannelHandlerContext, T> event, T argument) {
        Tag before = begin();
        try {
            event.accept(ctx, argument);
        } finally {
            ThreadTag.set(before);
        }
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
        pass(ctx, ChannelHandlerContext::fireChannelRead, message);
    }

    @Override
    public void channelReadComplete(ChannelHandlerContext ctx) {
        pass(ctx, ChannelHandlerContext::fireChannelReadComplete);
    }

    @Override
    public void channelActive(ChannelHandlerContext ctx) {
        pass(ctx, ChannelHandlerContext::fireChannelActive);
    }

    @Override
    public void channelRegistered(ChannelHandlerContext ctx) {
        pass(ctx, ChannelHandlerContext::fireChannelRegistered);
    }

    @Override
    public void channelUnregistered(ChannelHandlerContext ctx) {
        pass(ctx, ChannelHandlerContext::fireChannelUnregistered);
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
        pass(ctx, ChannelHandlerContext::fireChannelInactive);
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        pass(ctx, ChannelHandlerContext::fireExceptionCaught, cause);
    }

    @Override
    public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
        pass(ctx, ChannelHandlerContext::fireUserEventTriggered, event);
    }

    @Override
    public void channelWritabilityChanged(ChannelHandlerContext ctx) {
        pass(ctx, ChannelHandlerContext::fireChannelWritabilityChanged);
    }

    @Override
    public void write(ChannelHandlerContext ctx, Object message, ChannelPromise promise) throws Exception {
        Tag before = begin(); // the transport copies heap buffers
        try {
            super.write(ctx, message, promise);
        } finally {
            ThreadTag.set(before);
        }
    }

    /// Changes the tag of a channel.
    private static final class Chooser extends ChannelInboundHandlerAdapter {

        private final Function<Object, @Nullable String> choice; // (C)

        Chooser(Function<Object, @Nullable String> choice) {
            this.choice = choice;
        }

        @Override
        public void channelRead(ChannelHandlerContext ctx, Object message) {
            choose(ctx, message);
            ctx.fireChannelRead(message);
        }

        @Override
        public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
            choose(ctx, event);
            ctx.fireUserEventTriggered(event);
        }

        private void choose(ChannelHandlerContext ctx, Object message) {
            try {
                String name = choice.apply(message);
                if (name != null) {
                    changeTag(ctx, shortened(name));
                }
            } catch (Throwable e) { // the message must reach the handlers behind, which release it
                ctx.fireExceptionCaught(e);
            }
        }

        private static String shortened(String name) {
            if (name.length() <= Tag.MAX_NAME_LENGTH) {
                return name;
            }
            boolean isPairCut = Character.isHighSurrogate(name.charAt(Tag.MAX_NAME_LENGTH - 1));
            return name.substring(0, isPairCut ? Tag.MAX_NAME_LENGTH - 1 : Tag.MAX_NAME_LENGTH);
        }

        private static void changeTag(ChannelHandlerContext ctx, String name) {
            Attribute<Tag> ofChannel = ctx.channel().attr(TAG);
            Tag before = ofChannel.get();
            if (before == null || name.isBlank()) {
                return;
            }
            Tag tag = Tag.of(name);
            ofChannel.set(tag);
            if (before.equals(ThreadTag.current())) {
                ThreadTag.set(tag); // the TagHandler restores the tag of the thread when its event ends
            }
        }
    }

    /// Tags the buffers that the transport reads into.
    private record TaggedReads(RecvByteBufAllocator reads, Attribute<Tag> tag) implements RecvByteBufAllocator {

        @Override
        @SuppressWarnings("deprecation") // Netty deprecates implementing it, not calling it, and offers nothing else
        public Handle newHandle() {
            Handle handle = reads.newHandle();
            return handle instanceof ExtendedHandle extended ? new TaggedHandle(extended, tag) : handle;
        }
    }

    private static final class TaggedHandle extends RecvByteBufAllocator.DelegatingHandle
            implements RecvByteBufAllocator.ExtendedHandle {

        private final RecvByteBufAllocator.ExtendedHandle handle; // (C)
        private final Attribute<Tag> tag; // (C)

        TaggedHandle(RecvByteBufAllocator.ExtendedHandle handle, Attribute<Tag> tag) {
            super(handle);
            this.handle = handle;
            this.tag = tag;
        }

        @Override
        public ByteBuf allocate(ByteBufAllocator allocator) {
            Tag before = ThreadTag.set(tag.get());
            try {
                return handle.allocate(allocator);
            } finally {
                ThreadTag.set(before);
            }
        }

        @Override
        public boolean continueReading(UncheckedBooleanSupplier maybeMore) {
            return handle.continueReading(maybeMore);
        }
    }
}
