package io.leasehold.observe;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.leasehold.holder.Site;
import io.leasehold.netty.BufferMemoryError;
import io.leasehold.netty.LeasedByteBufAllocator;
import io.leasehold.page.Eventually;
import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.util.ResourceLeakDetector;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// A hoarder of memory is named by everything that the profile writes.
final class ProfileTest {

    private static final String NAME = "profiled";

    private final long sampleBytes = Profile.sampleBytes();
    private final List<ByteBuf> live = new ArrayList<>();
    private LeasedByteBufAllocator allocator;

    @BeforeEach
    void open() {
        Profile.sampleBytes(64); // large buffers are all sampled, also after many other tests slowed the pace
        allocator =
                LeasedByteBufAllocator.builder().name(NAME).byteLimit(32 << 20).build();
    }

    @AfterEach
    void close() {
        live.forEach(ByteBuf::release);
        allocator.close();
        Profile.sampleBytes(sampleBytes);
        assertThat(Profile.of(NAME).holders()).isEmpty();
    }

    private void hoard(int count, int byteSize) {
        for (int i = 0; i < count; i++) {
            live.add(allocator.directBuffer(byteSize));
        }
    }

    private void use(int count, int byteSize) {
        for (int i = 0; i < count; i++) {
            live.add(allocator.directBuffer(byteSize));
        }
    }

    @Test
    void largestHolderComesFirst() {
        hoard(2000, 4096);
        use(200, 4096);

        SampledHolder first = Profile.of(NAME).holders().getFirst();

        assertThat(first.stack().getFirst()).startsWith(ProfileTest.class.getName() + ".hoard(ProfileTest.java:");
        assertThat(first.byteSize()).isEqualTo(4096);
        assertThat(first.source()).isEqualTo(NAME);
        assertThat(first.bytes()).isCloseTo(2000 * 4096, within(2000 * 4096 / 3L));
        assertThat(first.leakedSamples()).isZero();
        assertThat(first.lastTouch()).isNull();
    }

    @Test
    void heapBuffersAreInTheProfileOfTheirAllocator() {
        for (int i = 0; i < 100; i++) {
            live.add(allocator.heapBuffer(65_536));
        }
        assertThat(Profile.of(NAME).holders().stream()
                        .mapToLong(SampledHolder::bytes)
                        .sum())
                .isEqualTo(100 * 65_536);
    }

    @Test
    void releasedAndGrownBuffersAreNotCountedTwice() {
        hoard(1, 1 << 20);
        assertThat(Profile.of(NAME).holders())
                .singleElement()
                .satisfies(holder -> assertThat(holder.bytes()).isEqualTo(1 << 20));

        live.getFirst().capacity(3 << 20);
        assertThat(Profile.of(NAME).holders())
                .singleElement()
                .satisfies(holder -> assertThat(holder.bytes()).isEqualTo(3 << 20))
                .satisfies(holder ->
                        assertThat(holder.stack().getFirst()).contains("releasedAndGrownBuffersAreNotCountedTwice"));

        live.removeFirst().release();
        assertThat(Profile.of(NAME).holders()).isEmpty();
    }

    @Test
    void tagsAreInTheProfile() {
        try (Holder cache = Holder.tag("cache")) {
            hoard(4, 1 << 20);
            assertThat(cache).isNotNull();
        }
        use(2, 1 << 20);

        Profile profile = Profile.of(NAME);
        assertThat(profile.holders())
                .extracting(SampledHolder::tag, SampledHolder::blocks)
                .containsExactly(
                        org.assertj.core.groups.Tuple.tuple("cache", 4L),
                        org.assertj.core.groups.Tuple.tuple(NAME, 2L));
        assertThat(Holders.toTable(500)).contains("cache                          allocator    profiled", "by stack");
        assertThatThrownBy(() -> Holders.toTable(0)).hasMessage("rows is too low: rows=0, min=1");
        assertThat(profile.toTable(5)).contains("cache", "hoard(ProfileTest.java:", "67 %", "4,194,304");
    }

    @Test
    void outOfMemoryMessageNamesTheHoarder() {
        try (Holder cache = Holder.tag("cache")) {
            assertThat(cache).isNotNull();
            assertThatThrownBy(() -> hoard(100, 1 << 20))
                    .isInstanceOf(BufferMemoryError.class)
                    .hasMessageContaining("; tags: cache=")
                    .hasMessageContaining(", tag=cache, oldest=")
                    .hasMessageContaining("ProfileTest.hoard(ProfileTest.java:")
                    .satisfies(error -> assertThat(error.toString().lines()).hasSizeLessThanOrEqualTo(5));
        }
    }

    @Test
    void refusalToCloseNamesTheHoarder() {
        hoard(1, 1 << 20);
        assertThatThrownBy(allocator::close)
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("buffers are outstanding")
                .hasMessageContaining("  about 1,048,576 B, source=profiled, tag=profiled, oldest=0 s, at ")
                .hasMessageContaining("ProfileTest.hoard(ProfileTest.java:");
    }

    @Test
    void collapsedStacksNameTheHoarder() {
        hoard(8, 1 << 20);
        use(1, 1 << 20);

        List<String> lines = Profile.of(NAME).toCollapsed().lines().toList();

        String ours = ProfileTest.class.getName();
        assertThat(lines)
                .hasSize(2)
                .allMatch(line -> line.startsWith("profiled;"))
                .anyMatch(line -> line.endsWith(ours + ".collapsedStacksNameTheHoarder;" + ours + ".hoard 8388608"))
                .anyMatch(line -> line.endsWith(ours + ".collapsedStacksNameTheHoarder;" + ours + ".use 1048576"));
    }

    @Test
    void pprofNamesTheHoarder() throws IOException {
        hoard(8, 1 << 20);
        use(1, 1 << 20);
        ByteArrayOutputStream file = new ByteArrayOutputStream();

        Profile.of(NAME).writePprof(file);

        PprofReader read = PprofReader.read(file.toByteArray());
        assertThat(read.rows)
                .as("no allocations of others")
                .allSatisfy(row -> assertThat(row.values().subList(2, 4)).containsOnly(0L));
        assertThat(read.types)
                .containsExactly(
                        "inuse_objects/count", "inuse_space/bytes", "alloc_objects/count", "alloc_space/bytes");
        assertThat(read.defaultType).isEqualTo("inuse_space");
        assertThat(read.period).isEqualTo(64);
        assertThat(read.strings).startsWith("").doesNotHaveDuplicates();
        PprofReader.Row hoard = read.rows.getFirst();
        assertThat(hoard.values()).containsExactly(8L, 8L << 20, 0L, 0L);
        assertThat(hoard.functions().getFirst()).isEqualTo(ProfileTest.class.getName() + ".hoard");
        assertThat(hoard.labels())
                .containsEntry("tag", NAME)
                .containsEntry("source", NAME)
                .containsEntry("bytes", "1048576");
        ByteArrayOutputStream whole = new ByteArrayOutputStream();
        Profile.now().writePprof(whole);
        assertThat(PprofReader.read(whole.toByteArray()).rows)
                .anyMatch(row -> row.functions().getFirst().endsWith(".hoard")
                        && row.values().get(1) == 0
                        && row.values().get(3) >= 8 << 20);
    }

    @Test
    void lostBuffersAreLeaksOnceTheyAreCollected() {
        for (int i = 0; i < 3; i++) {
            allocator.directBuffer(1 << 20).touch("decoder " + i);
        }
        hoard(1, 1 << 20);
        live.getFirst().touch("kept");

        Eventually.holds("the lost buffers are found", () -> {
            System.gc();
            return Profile.of(NAME).leaks().stream()
                            .mapToLong(SampledHolder::leakedBytes)
                            .sum()
                    == 3 << 20;
        });

        assertThat(Profile.of(NAME).leaks())
                .singleElement()
                .satisfies(leak -> assertThat(leak.leakedSamples()).isEqualTo(3))
                .satisfies(leak -> assertThat(leak.lastTouch()).startsWith("decoder "))
                .satisfies(leak -> assertThat(leak.stack().getFirst()).contains("lostBuffersAreLeaks"));
        assertThat(Profile.of(NAME).holders())
                .hasSize(2)
                .anyMatch(holder -> "kept".equals(holder.lastTouch()) && holder.leakedSamples() == 0);
        assertThat(Profile.of(NAME).toTable(3)).contains("last touch: decoder ", "3,145,728");
        live.removeFirst().release();
        assertThat(allocator.closeForcibly()).isEqualTo(3);
    }

    /// Loses all messages.
    private static final class Forgetful extends ChannelInboundHandlerAdapter {

        @Override
        public void channelRead(ChannelHandlerContext context, Object message) {
            // neither passed on nor released
        }
    }

    /// {@return a channel that touches messages for its handlers, as channels do unless leak detection is switched off}
    private static EmbeddedChannel touchingChannel() {
        ResourceLeakDetector.Level before = ResourceLeakDetector.getLevel();
        ResourceLeakDetector.setLevel(ResourceLeakDetector.Level.SIMPLE);
        try {
            return new EmbeddedChannel(); // reads the level
        } finally {
            ResourceLeakDetector.setLevel(before);
        }
    }

    private void lose(EmbeddedChannel channel) {
        for (int i = 0; i < 8; i++) {
            ByteBuf buf = allocator.directBuffer(i < 2 ? (1 + i) << 20 : 256 << 10);
            if (i < 2) {
                channel.writeInbound(buf);
            } else {
                buf.touch("part " + i);
            }
        }
    }

    @Test
    void leaksAreMergedByPlaceAndNameTheHandlersThatHadThem() {
        EmbeddedChannel channel = touchingChannel();
        channel.pipeline().addLast("session cache", new Forgetful());
        lose(channel);
        hoard(1, 1 << 20);

        Eventually.holds("the lost buffers are found", () -> {
            System.gc();
            return Profile.of(NAME).leaks().stream()
                            .mapToInt(SampledHolder::leakedSamples)
                            .sum()
                    == 8;
        });

        Profile profile = Profile.of(NAME);
        assertThat(profile.leaks()).as("by size").hasSize(3);
        List<String> report = profile.leakReport(1).lines().toList();
        assertThat(report.getFirst()).isEqualTo("leaked: garbage that was not released: 4,718,592 B in 8 blocks");
        assertThat(report.get(1))
                .startsWith("  4,718,592 B in 8 blocks, tag=profiled, oldest=")
                .contains(" s, at " + ProfileTest.class.getName() + ".lose(ProfileTest.java:");
        assertThat(report)
                .contains("    3,145,728 B last touched: 'session cache' will handle the message from this point.")
                .anyMatch(line -> line.startsWith("    262,144 B last touched: part "))
                .endsWith("    and 2 more");
        assertThat(Profile.now().leakReport(1)).contains("'session cache' will handle the message");
        assertThatThrownBy(() -> profile.leakReport(0)).hasMessage("rows is too low: rows=0, min=1");
        channel.finishAndReleaseAll();
        assertThat(allocator.closeForcibly()).isEqualTo(8 + 1);
        live.clear();
    }

    @Test
    void buffersInUseForLongAreSuspectsWithoutACollection() {
        hoard(1, 1 << 20);
        use(1, 2 << 20);
        live.getLast().touch("decoder");
        Profile profile = aged(List.of(Duration.ofSeconds(10), Duration.ofMinutes(5)));

        assertThat(profile.leakReport(5))
                .isEqualTo("leaked: garbage that was not released: 0 B in 0 blocks" + System.lineSeparator());
        assertThat(profile.suspectReport(Duration.ofMinutes(1), 5).lines())
                .startsWith("in use for at least 60 s: 2,097,152 B in 1 blocks")
                .contains("    2,097,152 B last touched: decoder")
                .noneMatch(line -> line.contains(".hoard("));
        assertThat(profile.suspectReport(Duration.ZERO, 1).lines())
                .startsWith("in use for at least 0 s: 3,145,728 B in 2 blocks")
                .endsWith("  and 1 more");
        assertThat(profile.olderThan(Duration.ofMinutes(1)).holders())
                .singleElement()
                .satisfies(old -> assertThat(old.oldest()).isEqualTo(Duration.ofMinutes(5)));
        assertThat(profile.olderThan(Duration.ofMinutes(6)).holders()).isEmpty();
        assertThatThrownBy(() -> profile.olderThan(Duration.ofSeconds(-1)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("minAge is too short: minAge=PT-1S, min=PT0S");
        assertThatThrownBy(() -> profile.suspectReport(Duration.ZERO, 0)).hasMessage("rows is too low: rows=0, min=1");
    }

    @Test
    void rowsBySizeAndByAgeCountBlocksOfTheirOwn() {
        hoard(3, 1 << 20);
        use(1, 2 << 20);
        Profile profile = aged(
                List.of(Duration.ofMillis(500), Duration.ofSeconds(59), Duration.ofHours(2), Duration.ofMinutes(1)));

        List<String> rows = profile.toTable(5)
                .lines()
                .map(line -> line.strip().replaceAll("  +", " | "))
                .toList();

        assertThat(rows)
                .containsSequence(
                        "by size | bytes | share | blocks | samples | leaked | oldest",
                        "1,048,576 B | 3,145,728 | 60 % | 3 | 3 | 0 | 7,200 s",
                        "2,097,152 B | 2,097,152 | 40 % | 1 | 1 | 0 | 60 s",
                        "by age | bytes | share | blocks | samples | leaked | oldest")
                .containsOnlyOnce(
                        "less than 1 s | 1,048,576 | 20 % | 1 | 1 | 0 | 0 s",
                        "1 s to 1 min | 1,048,576 | 20 % | 1 | 1 | 0 | 59 s",
                        "1 min to 1 h | 2,097,152 | 40 % | 1 | 1 | 0 | 60 s",
                        "more than 1 h | 1,048,576 | 20 % | 1 | 1 | 0 | 7,200 s");
    }

    /// {@return the profile of the allocator, with given ages of its samples, the smallest block first}
    private static Profile aged(List<Duration> ages) {
        List<Site> samples = new ArrayList<>(Profile.of(NAME).samples());
        samples.sort(Comparator.comparingInt(Site::byteSize));
        assertThat(samples).hasSameSizeAs(ages);
        List<Site> aged = new ArrayList<>();
        for (int i = 0; i < ages.size(); i++) {
            Site sample = samples.get(i);
            aged.add(new Site(
                    sample.source(),
                    sample.tag(),
                    sample.byteSize(),
                    sample.stack(),
                    1,
                    sample.blocks(),
                    0,
                    0,
                    ages.get(i).toNanos(),
                    sample.lastTouch()));
        }
        return Profile.ofSamples(aged);
    }

    @Test
    void samplingCanBeTurnedOff() {
        Profile.sampleBytes(0);
        hoard(10, 1 << 20);
        assertThat(Profile.of(NAME).holders())
                .singleElement()
                .satisfies(holder -> assertThat(holder.stack()).containsExactly("not.sampled"))
                .satisfies(holder -> assertThat(holder.bytes()).isEqualTo(10 << 20))
                .satisfies(holder -> assertThat(holder.samples()).isZero());
        assertThat(Profile.of(NAME).toTable(5)).contains("  not.sampled", "  not sampled");
        assertThatThrownBy(allocator::close)
                .hasMessageContaining("buffers are outstanding")
                .hasMessageNotContaining("not.sampled");
        assertThat(Profile.sampleBytes()).isZero();
        assertThatThrownBy(() -> Profile.sampleBytes(-1)).isInstanceOf(IllegalArgumentException.class);
    }
}
