package io.leasehold.readme;

import static org.assertj.core.api.Assertions.assertThat;

import io.leasehold.ProjectFiles;
import io.leasehold.budget.MemoryBudget;
import io.leasehold.lease.Lease;
import io.leasehold.lease.LeasePool;
import io.leasehold.lease.LeasePoolOptions;
import io.leasehold.netty.BufferMemoryError;
import io.leasehold.netty.LeasedByteBufAllocator;
import io.leasehold.page.PageArena;
import io.leasehold.page.PageArenaOptions;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.netty.buffer.ByteBuf;
import io.netty.channel.embedded.EmbeddedChannel;
import io.opentelemetry.api.metrics.MeterProvider;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The README's examples compile, run, and print what the README says.
class ReadmeTest {

    private static final Path README = ProjectFiles.project("README.md");
    private static final Path TESTS = ProjectFiles.core("src/test/java");

    @Test
    void everyJavaBlockIsInATestSource() throws IOException {
        List<String> sources = new ArrayList<>();
        try (Stream<Path> files = Files.walk(TESTS)) {
            for (Path file : files.filter(f -> f.toString().endsWith(".java")).toList()) {
                sources.add(withoutIndent(Files.readString(file)));
            }
        }
        List<String> blocks = blocks("java");
        assertThat(blocks).hasSizeGreaterThanOrEqualTo(5);
        for (String block : blocks) {
            for (String statement : block.split("(?m)(?<=;)\n(?=\\w)", -1)) {
                assertThat(sources)
                        .as("README: %s", statement)
                        .anyMatch(source ->
                                source.contains(withoutIndent(statement).strip()));
            }
        }
    }

    /// `mvn -Prelease` builds that project with the artifacts of a release, and runs it.
    @Test
    void quickStartIsInTheProjectOfAUser() throws IOException {
        Path consumer = ProjectFiles.project("benchmarks/src/it/consumer/src/main/java/consumer/Consumer.java");
        assertThat(withoutIndent(Files.readString(consumer)))
                .contains(withoutIndent(blocks("java").getFirst()).strip());
    }

    @Test
    void filesAreRead(@TempDir Path folder) throws IOException {
        Path path = Files.write(folder.resolve("file"), new byte[5000]);
        try (PageArena arena =
                PageArena.open(PageArenaOptions.builder().byteSize(64L << 20).build())) {
            assertThat(FilesExample.read(arena, path)).isEqualTo(4096);
        }
    }

    @Test
    void agronaWrites() {
        try (PageArena arena = PageArena.open(
                        PageArenaOptions.builder().byteSize(64L << 20).build());
                LeasePool pool = LeasePool.open(arena, LeasePoolOptions.directMap())) {
            long page = arena.allocate();
            arena.frames().wire(page);
            AgronaExample.write(pool, page);
            try (Lease lease = pool.acquire(page)) {
                assertThat(lease.getLong(0)).isEqualTo(42);
            }
            arena.frames().unwire(page);
            arena.free(page);
        }
    }

    @Test
    void channelOfABudgetIsCounted() {
        MemoryBudget network = BudgetExample.tree();
        EmbeddedChannel channel = new EmbeddedChannel();
        try (LeasedByteBufAllocator allocator = BudgetExample.throttled(network, channel)) {
            channel.writeInbound(allocator.directBuffer(8).writeLong(42));
            ByteBuf buf = channel.readInbound();
            assertThat(buf.readLong()).isEqualTo(42);
            assertThat(network.top().usedBytes()).isPositive();
            buf.release();
        }
        assertThat(network.top().usedBytes()).isZero();
    }

    @Test
    void errorIsPrintedAsShown() throws IOException {
        try (LeasedByteBufAllocator allocator = web()) {
            List<ByteBuf> buffers = new ArrayList<>();
            BufferMemoryError error = null;
            while (error == null) {
                try {
                    buffers.add(allocator.directBuffer(256 << 10));
                } catch (BufferMemoryError e) {
                    error = e;
                }
            }
            buffers.forEach(ByteBuf::release);
            String withoutSamples = error.toString().replaceAll("\n  about [^\n]*", ""); // how many there are is random
            assertThat(blocks("text").stream().map(ReadmeTest::shape)).contains(shape(withoutSamples));
        }
    }

    @Test
    void statisticsArePrintedAsShown() throws IOException {
        try (LeasedByteBufAllocator allocator = web()) {
            List<ByteBuf> buffers =
                    List.of(allocator.directBuffer(700), allocator.directBuffer(4096), allocator.heapBuffer(1000));
            String table = allocator.dumpStats();
            buffers.forEach(ByteBuf::release);
            assertThat(blocks("text").stream().map(ReadmeTest::shape)).contains(shape(table));
        }
    }

    @Test
    void metersAreBound() {
        SimpleMeterRegistry registry = new SimpleMeterRegistry();
        try (LeasedByteBufAllocator allocator = web()) {
            MetersExample.bind(allocator, registry, MeterProvider.noop().get("readme"));
        }
        assertThat(registry.getMeters()).isEmpty();
    }

    private static LeasedByteBufAllocator web() {
        return LeasedByteBufAllocator.builder().name("web").byteLimit(16L << 20).build();
    }

    private static List<String> blocks(String language) throws IOException {
        List<String> blocks = new ArrayList<>();
        StringBuilder block = null;
        for (String line : Files.readAllLines(README)) {
            if (line.equals("```" + language)) {
                block = new StringBuilder();
            } else if (line.equals("```") && block != null) {
                blocks.add(block.toString());
                block = null;
            } else if (block != null) {
                block.append(line).append('\n');
            }
        }
        return blocks;
    }

    /// {@return a text without line ends and with one digit for each number}
    private static String shape(String text) {
        return text.replaceAll("[\\d,.]*\\d", "0").replaceAll("\\s+", " ").strip();
    }

    private static String withoutIndent(String text) {
        return text.replaceAll("(?m)^ +", "");
    }
}
