package io.leasehold.netty.file;

import static io.leasehold.netty.file.FileFixture.CONTENT;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.leasehold.memory.Seeds;
import io.leasehold.netty.EchoTls;
import io.leasehold.netty.Transport;
import io.leasehold.page.Eventually;
import io.leasehold.window.FileTrust;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelOutboundHandlerAdapter;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.handler.ssl.SslContext;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Ranges of files arrive unchanged, in each way of sending them, also if clients disconnect or files change.
///
/// `-Dleasehold.soak=true` truncates a hundred times as many files, so that compiled code meets a truncation too.
class FileSourceTest {

    private static final int RANGES = 8;
    private static final int TRUNCATIONS = Boolean.getBoolean("leasehold.soak") ? 200 : 2;

    /// Small, so that a server is only a little ahead of its client.
    private static final int LITTLE = 32 << 10;

    private static final int READ_BYTES = 256 << 10;
    private static final long LONG_BYTES = 16L << 20;

    @TempDir
    static Path folder;

    private static EchoTls tls;

    @BeforeAll
    static void makeKey() throws Exception {
        tls = EchoTls.make(folder);
    }

    /// The handlers between the server and the wire.
    enum Wire {
        PLAIN,
        TLS,
        /// A handler of a class that is not in the lists.
        OTHER;

        @Nullable SslContext server() {
            return this == TLS ? tls.server() : null;
        }

        @Nullable SslContext client() {
            return this == TLS ? tls.client() : null;
        }

        List<ChannelHandler> handlers() {
            return this == OTHER ? List.of(new ChannelOutboundHandlerAdapter()) : List.of();
        }
    }

    @ParameterizedTest
    @CsvSource({
        "NIO, PLAIN, FOREIGN, true",
        "NIO, PLAIN, IMMUTABLE, true",
        "NIO, TLS, FOREIGN, true",
        "NIO, TLS, IMMUTABLE, true",
        "NIO, TLS, IMMUTABLE, false",
        "NIO, OTHER, IMMUTABLE, false",
        "EPOLL, PLAIN, IMMUTABLE, true",
        "EPOLL, PLAIN, OWNED, false",
        "EPOLL, TLS, FOREIGN, false",
        "EPOLL, TLS, IMMUTABLE, true"
    })
    void rangesArriveAsTheyAre(Transport transport, Wire wire, FileTrust trust, boolean isDirect) throws Exception {
        transport.assumeAvailable();
        SplittableRandom random = Seeds.random("FileSourceTest");
        try (FileFixture fixture = new FileFixture(isDirect);
                FileSource source = fixture.open(FileFixture.content(folder), trust);
                RangeServer server = new RangeServer(transport, source, wire.server(), wire::handlers);
                RangeClient client = new RangeClient(server.port(), wire.client(), LITTLE)) {
            for (int i = 0; i < RANGES; i++) {
                int from = random.nextInt(CONTENT.length + 1);
                int most = i % 2 == 0 ? 40 << 10 : CONTENT.length;
                int byteSize = i == 0 ? 0 : random.nextInt(Math.min(most, CONTENT.length - from) + 1);
                check(client, from, byteSize, "");
                check(client, from, byteSize, "/chunks");
            }
            check(client, 0, CONTENT.length, "");
            check(client, 0, CONTENT.length, "/chunks");
            FileFixture.awaitIdle(source);
            assertThat(server.writes()).allMatch(ChannelFuture::isSuccess);
            assertThat(server.failures()).isEmpty();
        }
    }

    private static void check(RangeClient client, int from, int byteSize, String way) throws IOException {
        assertThat(client.ask("/" + from + "/" + byteSize + way)).isEqualTo(byteSize);
        assertThat(client.read(byteSize))
                .as("%d bytes from %d%s", byteSize, from, way)
                .isEqualTo(Arrays.copyOfRange(CONTENT, from, from + byteSize));
    }

    @ParameterizedTest
    @CsvSource({
        "NIO, PLAIN, IMMUTABLE, ''",
        "NIO, PLAIN, IMMUTABLE, /chunks",
        "NIO, PLAIN, FOREIGN, /chunks",
        "NIO, TLS, IMMUTABLE, ''",
        "NIO, TLS, FOREIGN, ''",
        "EPOLL, PLAIN, IMMUTABLE, ''",
        "EPOLL, PLAIN, IMMUTABLE, /chunks",
        "EPOLL, TLS, IMMUTABLE, ''"
    })
    void nothingStaysHeldWhenTheClientHangsUp(Transport transport, Wire wire, FileTrust trust, String way)
            throws Exception {
        transport.assumeAvailable();
        try (FileFixture fixture = new FileFixture(false);
                FileSource source = fixture.open(FileFixture.zeroes(folder, LONG_BYTES), trust);
                RangeServer server = new RangeServer(transport, source, wire.server(), wire::handlers)) {
            for (int i = 0; i < 3; i++) {
                try (RangeClient client = new RangeClient(server.port(), wire.client(), LITTLE)) {
                    client.ask("/0/" + LONG_BYTES + way);
                    client.send("/5/100000" + way); // this one never begins
                    assertThat(client.read(READ_BYTES)).isEqualTo(new byte[READ_BYTES]);
                }
            }
            FileFixture.awaitIdle(source);
            // a client may have its bytes before the server has the future of the write
            Eventually.holds("one write for each client", () -> server.writes().size() >= 3);
            Eventually.holds("all ended", () -> server.writes().stream().allMatch(ChannelFuture::isDone));
            assertThat(server.writes()).hasSizeGreaterThanOrEqualTo(3).noneMatch(ChannelFuture::isSuccess);
        }
    }

    @ParameterizedTest
    @CsvSource({
        "NIO, PLAIN, FOREIGN, ''",
        "NIO, PLAIN, FOREIGN, /chunks",
        "NIO, PLAIN, IMMUTABLE, /chunks",
        "NIO, TLS, FOREIGN, ''",
        "NIO, TLS, IMMUTABLE, ''",
        "NIO, OTHER, IMMUTABLE, ''",
        "EPOLL, PLAIN, FOREIGN, ''",
        "EPOLL, PLAIN, IMMUTABLE, /chunks",
        "EPOLL, TLS, IMMUTABLE, ''"
    })
    void truncatedFileFailsTheWriteAndClosesTheChannelAndTheServerLives(
            Transport transport, Wire wire, FileTrust trust, String way) throws Exception {
        transport.assumeAvailable();
        try (FileFixture fixture = new FileFixture(true);
                FileSource other = fixture.open(FileFixture.content(folder), trust);
                RangeServer server = new RangeServer(transport, other, wire.server(), wire::handlers)) {
            for (int round = 0; round < TRUNCATIONS; round++) {
                Path path = FileFixture.zeroes(folder, LONG_BYTES);
                try (FileSource source = fixture.open(path, trust);
                        RangeClient client = new RangeClient(server.port(), wire.client(), LITTLE)) {
                    server.serve(source);
                    client.ask("/0/" + LONG_BYTES + way);
                    assertThat(client.read(READ_BYTES)).isEqualTo(new byte[READ_BYTES]);
                    FileFixture.resize(path, 4096);
                    assertThat(client.drain()).isLessThan(LONG_BYTES - READ_BYTES);
                    FileFixture.awaitIdle(source);
                    Throwable cause = server.awaitWrite().cause();
                    boolean isRead = wire == Wire.TLS && trust == FileTrust.IMMUTABLE && FileFixture.canMap();
                    assertThat(cause).isInstanceOf(isRead ? InternalError.class : IOException.class);
                    server.serve(other);
                }
                try (RangeClient client = new RangeClient(server.port(), wire.client(), LITTLE)) {
                    check(client, 1, 500_000, way);
                    assertThat(server.awaitWrite().isSuccess()).isTrue();
                }
            }
        }
    }

    @ParameterizedTest
    @CsvSource({"NIO, PLAIN, ''", "NIO, TLS, ''", "EPOLL, PLAIN, /chunks"})
    @SuppressWarnings("try") // closed twice on purpose
    void closedSourceEndsWhatItBegan(Transport transport, Wire wire, String way) throws Exception {
        transport.assumeAvailable();
        try (FileFixture fixture = new FileFixture(true);
                FileSource source = fixture.open(FileFixture.zeroes(folder, LONG_BYTES), FileTrust.IMMUTABLE);
                RangeServer server = new RangeServer(transport, source, wire.server(), wire::handlers);
                RangeClient client = new RangeClient(server.port(), wire.client(), LITTLE)) {
            client.ask("/0/" + LONG_BYTES + way);
            source.close();
            source.close();
            for (long left = LONG_BYTES; left > 0; left -= READ_BYTES) {
                assertThat(client.read(READ_BYTES)).isEqualTo(new byte[READ_BYTES]);
            }
            Eventually.holds("the file is closed", () -> source.toString().contains("holds=0"));
            EmbeddedChannel channel = new EmbeddedChannel(new ChannelInboundHandlerAdapter());
            assertThatThrownBy(() -> source.content(channel.pipeline().lastContext(), 0, 1))
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("closed");
        }
    }
}
