package io.leasehold.observe;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.leasehold.netty.BufferMemoryError;
import io.leasehold.netty.LeasedByteBufAllocator;
import io.leasehold.page.Eventually;
import io.netty.buffer.ByteBuf;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.ArrayList;
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
