package io.leasehold.netty;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.ChannelOption;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

/// The server's example of the README: it is this file's, so it compiles and runs.
class ServerExampleTest {

    private static final String INDENT = " ".repeat(16);

    @Test
    void setsTheAllocator() {
        ServerBootstrap bootstrap = configured(new ServerBootstrap());
        assertThat(bootstrap.config().options()).containsEntry(ChannelOption.ALLOCATOR, LeasedByteBufAllocator.DEFAULT);
        assertThat(bootstrap.config().childOptions())
                .containsEntry(ChannelOption.ALLOCATOR, LeasedByteBufAllocator.DEFAULT);
    }

    private static ServerBootstrap configured(ServerBootstrap bootstrap) {
        return bootstrap
                .option(ChannelOption.ALLOCATOR, LeasedByteBufAllocator.DEFAULT)
                .childOption(ChannelOption.ALLOCATOR, LeasedByteBufAllocator.DEFAULT);
    }

    @Test
    void isTheExampleOfTheReadme() throws IOException {
        List<String> lines = Files.readAllLines(
                Path.of("src/test/java").resolve(getClass().getName().replace('.', '/') + ".java"));
        int from = lines.indexOf(INDENT + ".option(ChannelOption.ALLOCATOR, LeasedByteBufAllocator.DEFAULT)");
        assertThat(Files.readAllLines(Path.of("../README.md")))
                .containsSequence(lines.subList(from, from + 2).stream()
                        .map(line -> line.substring(INDENT.length() - 8))
                        .toList());
    }
}
