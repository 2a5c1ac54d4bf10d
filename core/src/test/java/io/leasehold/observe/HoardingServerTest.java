package io.leasehold.observe;

import static org.assertj.core.api.Assertions.assertThat;

import io.leasehold.netty.BufferMemoryError;
import io.leasehold.netty.LeasedByteBufAllocator;
import io.leasehold.netty.TagHandler;
import io.leasehold.netty.Transport;
import io.leasehold.page.Eventually;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.io.StringReader;
import java.lang.management.ManagementFactory;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.Comparator;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import javax.management.JMX;
import javax.management.ObjectName;
import one.convert.Arguments;
import one.convert.FlameGraph;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// An echo server under load keeps a copy of each message, until it has no memory. Every report names that place.
@Timeout(300)
final class HoardingServerTest {

    private static final String NAME = "hoarding";
    private static final String TAG = "sessions";
    private static final int CLIENTS = 4;
    private static final int MESSAGE = 4 << 10;
    private static final int COPY = 8 << 10;

    private final long sampleBytes = Profile.sampleBytes();
    private final SessionCache sessions = new SessionCache();
    private final CompletableFuture<BufferMemoryError> refused = new CompletableFuture<>();
    private final AtomicBoolean isDone = new AtomicBoolean();
    private final EventLoopGroup group = Transport.NIO.group(NAME, 2);
    private LeasedByteBufAllocator allocator;
    private Channel listener;

    @BeforeEach
    void open() throws InterruptedException {
        ManagementFactory.getPlatformMBeanServer(); // first: an allocator at rest does not see a server that is new
        Profile.sampleBytes(16 << 10);
        allocator =
                LeasedByteBufAllocator.builder().name(NAME).byteLimit(32 << 20).build();
        listener = new ServerBootstrap()
                .group(group)
                .channel(Transport.NIO.serverChannel())
                .childOption(ChannelOption.ALLOCATOR, allocator)
                .childHandler(new ChannelInitializer<>() {
                    @Override
                    protected void initChannel(Channel channel) {
                        channel.pipeline().addLast(new TagHandler("web"), new Echo());
                    }
                })
                .bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
                .sync()
                .channel();
    }

    @AfterEach
    void close() {
        listener.close().syncUninterruptibly();
        group.shutdownGracefully(0, 1, TimeUnit.SECONDS).syncUninterruptibly();
        sessions.copies.forEach(ByteBuf::release);
        allocator.close();
        Profile.sampleBytes(sampleBytes);
    }

    /// The place where the memory stays.
    private static final class SessionCache {

        private final Queue<ByteBuf> copies = new ConcurrentLinkedQueue<>(); // (A)

        void put(ChannelHandlerContext context, ByteBuf message) {
            try (Holder _ = Holder.tag(TAG)) {
                copies.add(context.alloc().directBuffer(COPY).writeBytes(message.duplicate()));
            }
        }
    }

    private final class Echo extends ChannelInboundHandlerAdapter {

        @Override
        public void channelRead(ChannelHandlerContext context, Object message) {
            try {
                sessions.put(context, (ByteBuf) message);
            } catch (BufferMemoryError e) {
                ((ByteBuf) message).release();
                throw e;
            }
            context.writeAndFlush(message).addListener(ChannelFutureListener.FIRE_EXCEPTION_ON_FAILURE);
        }

        @Override
        public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
            if (cause instanceof BufferMemoryError error) {
                refused.complete(error);
            }
            context.close().addListener(ChannelFutureListener.FIRE_EXCEPTION_ON_FAILURE);
        }
    }

    /// Sends messages, one connection after the other, until the server is out of memory.
    private void load() {
        InetSocketAddress address = (InetSocketAddress) listener.localAddress();
        while (!isDone.get()) {
            try (Socket socket = new Socket(address.getAddress(), address.getPort())) {
                while (!isDone.get()) {
                    socket.getOutputStream().write(new byte[MESSAGE]);
                    if (socket.getInputStream().readNBytes(MESSAGE).length < MESSAGE) {
                        break;
                    }
                }
            } catch (IOException e) {
                // the server closed the connection
            }
        }
    }

    @Test
    void everyReportNamesTheHoarder() throws Exception {
        String place = SessionCache.class.getName() + ".put";
        BufferMemoryError error;
        try (ExecutorService clients = Executors.newFixedThreadPool(CLIENTS)) {
            for (int i = 0; i < CLIENTS; i++) {
                clients.execute(this::load);
            }
            error = refused.get(200, TimeUnit.SECONDS);
            isDone.set(true);
        }

        List<String> lines = error.getMessage().lines().toList();
        assertThat(lines.getFirst()).contains("allocator=" + NAME, "max=", "; tags: " + TAG + "=");
        assertThat(lines.get(1)).contains("tag=" + TAG + ", oldest=", " at " + place + "(HoardingServerTest.java:");

        Eventually.holds("the connections are closed", () -> held("web") == 0);
        long hoarded = (long) sessions.copies.size() * COPY;
        assertThat(held(TAG)).isEqualTo(hoarded).isGreaterThan(24 << 20);

        ObjectName name = new ObjectName("io.leasehold:type=Allocator,name=" + NAME);
        Eventually.holds(
                "the bean is there",
                () -> ManagementFactory.getPlatformMBeanServer().isRegistered(name));
        AllocatorMXBean bean =
                JMX.newMXBeanProxy(ManagementFactory.getPlatformMBeanServer(), name, AllocatorMXBean.class);
        assertThat(bean.getHolders()).containsEntry(TAG, hoarded);
        assertThat(bean.holderTable(3)).startsWith("%s: %,d B".formatted(TAG, hoarded));
        List<String> table = bean.holderTable(1).lines().toList();
        assertThat(table.get(table.indexOf(line(table, "by stack")) + 1)).contains(place);

        String top = widestOfFlameGraph(bean.collapsedStacks());
        assertThat(top).startsWith(TAG + ";").contains(Echo.class.getName() + ".channelRead;" + place + " ");
        assertThat(bytes(top)).as("an estimate, at a pace that the load sets").isGreaterThan(hoarded / 3);

        PprofReader.Row first = PprofReader.read(bean.pprof()).rows.stream()
                .max(Comparator.comparingLong(row -> row.values().get(1)))
                .orElseThrow();
        assertThat(first.functions().getFirst()).isEqualTo(place);
        assertThat(first.labels()).containsEntry("tag", TAG);
    }

    /// Makes a flame graph with the converter of async-profiler, and reads the page again.
    ///
    /// @return the stack with the most bytes, as a collapsed line
    private static String widestOfFlameGraph(String collapsed) throws IOException {
        FlameGraph drawn = new FlameGraph(new Arguments());
        drawn.parseCollapsed(new StringReader(collapsed));
        String page = dump(drawn);
        assertThat(page).startsWith("<!DOCTYPE html>").contains("<canvas");

        FlameGraph read = new FlameGraph(new Arguments("--output", "collapsed"));
        read.parseHtml(new StringReader(page));
        List<String> stacks = dump(read).lines().toList();
        assertThat(stacks)
                .as("nothing is lost")
                .hasSameElementsAs(collapsed.lines().toList());
        return stacks.stream()
                .max(Comparator.comparingLong(HoardingServerTest::bytes))
                .orElseThrow();
    }

    private static String dump(FlameGraph graph) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        try (PrintStream text = new PrintStream(out, false, StandardCharsets.UTF_8)) {
            graph.dump(text);
        }
        return out.toString(StandardCharsets.UTF_8);
    }

    private long held(String tag) {
        return allocator.holders().getOrDefault(tag, 0L);
    }

    private static String line(List<String> lines, String start) {
        return lines.stream().filter(line -> line.startsWith(start)).findFirst().orElseThrow();
    }

    private static long bytes(String collapsed) {
        return Long.parseLong(collapsed.substring(collapsed.lastIndexOf(' ') + 1));
    }
}
