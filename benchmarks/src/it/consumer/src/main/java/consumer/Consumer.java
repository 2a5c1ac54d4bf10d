package consumer;

import io.leasehold.lease.Lease;
import io.leasehold.lease.LeasePool;
import io.leasehold.lease.LeasePoolOptions;
import io.leasehold.netty.LeasedByteBufAllocator;
import io.leasehold.page.PageArena;
import io.leasehold.page.PageArenaOptions;
import io.netty.bootstrap.Bootstrap;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.channel.socket.nio.NioSocketChannel;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/// A program as a user writes it: the server of the README's quick start echoes one message, and a page is leased.
public final class Consumer {

    private static final long MESSAGE = 0x1122334455667788L;

    public static void main(String[] args) throws Exception {
        echo();
        lease();
        System.out.println("consumer: served");
    }

    private static void echo() throws Exception {
        EventLoopGroup group = new MultiThreadIoEventLoopGroup(1, NioIoHandler.newFactory());
        ChannelHandler handler = new Echo();
        LeasedByteBufAllocator allocator = LeasedByteBufAllocator.builder()
                .name("web")
                .byteLimit(256L << 20) // of direct buffers, their tables included
                .build();
        ChannelFuture server = new ServerBootstrap()
                .group(group)
                .channel(NioServerSocketChannel.class)
                .option(ChannelOption.ALLOCATOR, allocator)
                .childOption(ChannelOption.ALLOCATOR, allocator)
                .childHandler(handler)
                .bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
        CompletableFuture<Long> answer = new CompletableFuture<>();
        Channel client = new Bootstrap()
                .group(group)
                .channel(NioSocketChannel.class)
                .option(ChannelOption.ALLOCATOR, allocator)
                .handler(new Answer(answer))
                .connect(server.sync().channel().localAddress())
                .sync()
                .channel();
        client.writeAndFlush(allocator.directBuffer().writeLong(MESSAGE)).sync();
        check(answer.get(30, TimeUnit.SECONDS) == MESSAGE, "another message came back");
        client.close().sync();
        server.channel().close().sync();
        group.shutdownGracefully(0, 1, TimeUnit.SECONDS).sync();
        allocator.close();
    }

    private static void lease() {
        try (PageArena arena = PageArena.open(PageArenaOptions.builder().byteSize(64L << 20).build());
                LeasePool pool = LeasePool.open(arena, LeasePoolOptions.directMap())) {
            long page = arena.allocate();
            arena.frames().wire(page);
            try (Lease lease = pool.acquire(page)) {
                lease.putLong(0, MESSAGE);
                check(lease.getLong(0) == MESSAGE, "the page lost the message");
            }
            arena.frames().unwire(page);
            arena.free(page);
        }
    }

    private static void check(boolean holds, String otherwise) {
        if (!holds) {
            throw new IllegalStateException(otherwise);
        }
    }

    /// Sends back what it reads.
    @ChannelHandler.Sharable
    private static final class Echo extends ChannelInboundHandlerAdapter {

        @Override
        public void channelRead(ChannelHandlerContext context, Object message) {
            context.writeAndFlush(message);
        }
    }

    /// Completes the answer with the first eight bytes.
    private static final class Answer extends ChannelInboundHandlerAdapter {

        private final CompletableFuture<Long> answer;
        private long value;
        private int byteCount;

        Answer(CompletableFuture<Long> answer) {
            this.answer = answer;
        }

        @Override
        public void channelRead(ChannelHandlerContext context, Object message) {
            ByteBuf bytes = (ByteBuf) message;
            try {
                while (bytes.isReadable()) {
                    value = value << 8 | bytes.readUnsignedByte();
                    byteCount++;
                }
            } finally {
                bytes.release();
            }
            if (byteCount == Long.BYTES) {
                answer.complete(value);
            }
        }
    }
}
