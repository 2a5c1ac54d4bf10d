package io.leasehold.netty;

import static org.assertj.core.api.Assertions.assertThat;

import io.leasehold.ProjectFiles;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelHandler.Sharable;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/// The server example of the README. The README contains a copy of this code, so the example compiles and runs.
class ServerExampleTest {

    private static final String INDENT = " ".repeat(8);

    @Test
    void serves() throws Exception {
        LeasedByteBufAllocator allocator = newAllocator();
        EventLoopGroup group = new MultiThreadIoEventLoopGroup(1, NioIoHandler.newFactory());
        Channel server = serve(allocator, group, new Echo()).sync().channel();
        try (Socket socket = new Socket()) {
            socket.connect(server.localAddress());
            byte[] said = "still here".getBytes(StandardCharsets.UTF_8);
            socket.getOutputStream().write(said);
            assertThat(socket.getInputStream().readNBytes(said.length)).isEqualTo(said);
        }
        assertThat(server.config().getOptions()).containsEntry(ChannelOption.ALLOCATOR, allocator);
        server.close().sync();
        group.shutdownGracefully(0, 10, TimeUnit.SECONDS).sync();
        allocator.close(); // no buffer is outstanding
    }

    private static LeasedByteBufAllocator newAllocator() {
        LeasedByteBufAllocator allocator = LeasedByteBufAllocator.builder()
                .name("web")
                .byteLimit(256L << 20) // of direct buffers, their tables included
                .build();
        return allocator;
    }

    private static ChannelFuture serve(LeasedByteBufAllocator allocator, EventLoopGroup group, ChannelHandler handler) {
        ChannelFuture server = new ServerBootstrap()
                .group(group)
                .channel(NioServerSocketChannel.class)
                .option(ChannelOption.ALLOCATOR, allocator)
                .childOption(ChannelOption.ALLOCATOR, allocator)
                .childHandler(handler)
                .bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
        return server;
    }

    /// Sends back the bytes that it receives.
    @Sharable
    private static final class Echo extends ChannelInboundHandlerAdapter {
        @Override
        public void channelRead(ChannelHandlerContext ctx, Object msg) {
            ctx.writeAndFlush(msg).addListener(ChannelFutureListener.CLOSE_ON_FAILURE);
        }
    }

    @Test
    void isTheExampleOfTheReadme() throws IOException {
        List<String> lines = Files.readAllLines(
                ProjectFiles.core("src/test/java").resolve(getClass().getName().replace('.', '/') + ".java"));
        List<String> readme = Files.readAllLines(ProjectFiles.project("README.md"));
        assertThat(readme).containsSequence(statement(lines, "LeasedByteBufAllocator allocator = "));
        assertThat(readme).containsSequence(statement(lines, "ChannelFuture server = new "));
    }

    /// {@return the lines of the last statement that begins with this text, without their indent}
    private static List<String> statement(List<String> lines, String start) {
        int from = lines.size() - 1;
        while (!lines.get(from).startsWith(INDENT + start)) {
            from--;
        }
        int to = from;
        while (!lines.get(to).endsWith(";")) {
            to++;
        }
        return lines.subList(from, to + 1).stream()
                .map(line -> line.substring(INDENT.length()))
                .toList();
    }
}
