package io.leasehold.observe;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import io.leasehold.holder.MemorySource;
import io.leasehold.holder.Sample;
import io.leasehold.holder.Sampler;
import io.leasehold.holder.SourceKind;
import io.leasehold.netty.LeasedByteBufAllocator;
import io.leasehold.observe.counters.CounterFile;
import io.leasehold.observe.counters.CounterSnapshot;
import io.leasehold.observe.counters.CounterSnapshot.Counter;
import io.leasehold.observe.counters.CounterType;
import io.leasehold.page.Eventually;
import io.leasehold.page.PageArena;
import io.leasehold.page.PageArenaOptions;
import io.leasehold.slab.SlabHeap;
import io.leasehold.slab.SlabHeapOptions;
import io.netty.buffer.ByteBuf;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class AllocatorCountersTest {

    private static final int UPDATES = 2_000;

    /// So long that each block is sampled, and stands for itself alone.
    private static final int SAMPLE_BYTES = 64 << 20;

    @TempDir
    Path temporary;

    private PageArena arena;
    private SlabHeap<long[]> direct;
    private SlabHeap<long[]> onHeap;
    private CounterFile file;
    private AllocatorCounters counters;

    @BeforeEach
    void open() throws IOException {
        arena = PageArena.open(PageArenaOptions.builder()
                .byteSize(16L << 20)
                .decay(PageArenaOptions.NO_DECAY)
                .build());
        direct = SlabHeap.open(
                arena, SlabHeapOptions.defaults(), (heap, handle, array, address, size) -> new long[] {handle});
        onHeap = SlabHeap.onJavaHeap(
                arena, SlabHeapOptions.defaults(), (heap, handle, array, address, size) -> new long[] {handle});
        file = CounterFile.create(temporary.resolve("counters"));
        counters = new AllocatorCounters(file, "web", arena, direct, onHeap);
    }

    @AfterEach
    void close() {
        counters.close();
        SlabHeap.closeAll(List.of(direct, onHeap), () -> {}, null);
        arena.close();
    }

    @Test
    void theFileHasTheNumbersOfTheLastUpdate() throws IOException {
        List<long[]> blocks = new ArrayList<>();
        for (int i = 0; i < 10; i++) {
            blocks.add(direct.tryAllocate(4096));
        }
        blocks.add(onHeap.tryAllocate(1000));
        counters.update();
        assertThat(value("web: pinned buffers")).isEqualTo(11);
        assertThat(value("web: pinned bytes")).isEqualTo(10 * 4096 + 1024);
        assertThat(value("web: limit bytes")).isEqualTo(16L << 20);
        assertThat(value("web: committed bytes")).isEqualTo(arena.stats().committedBytes());
        assertThat(value("web: direct bytes")).isEqualTo(direct.stats().heldBytes());
        assertThat(value("web: 4096 B: blocks")).isEqualTo(10);
        assertThat(value("web: 1024 B on the Java heap: blocks")).isEqualTo(1);

        onHeap.free(blocks.removeLast()[0]);
        blocks.forEach(block -> direct.free(block[0]));
        direct.trim();
        onHeap.trim();
        counters.update();
        assertThat(value("web: pinned buffers")).isZero();
        assertThat(value("web: 4096 B: blocks")).isZero();
        assertThat(value("web: 4096 B: held bytes")).isZero();
    }

    @Test
    void theFileHasTheTopStacks() throws IOException {
        Object owner = new Object();
        MemorySource source =
                MemorySource.open(SourceKind.ALLOCATOR, "stacked", null, owner, o -> List.of(), o -> null);
        List<Sample> samples = new ArrayList<>();
        for (int i = 0; i < 2; i++) {
            samples.add(one(source));
        }
        samples.add(other(source));
        counters.updateStacks(MemorySource.topStacks(List.of(source), 2));
        assertThat(stacks()).hasSize(2).first().satisfies(top -> {
            assertThat(top.label()).contains("AllocatorCountersTest.one(");
            assertThat(top.value()).isEqualTo(2 * SAMPLE_BYTES);
        });
        assertThat(stacks().get(1).label()).contains("AllocatorCountersTest.other(");

        samples.removeFirst().end();
        samples.removeFirst().end();
        long changes = MemorySource.sampleChanges(List.of(source));
        counters.updateStacks(MemorySource.topStacks(List.of(source), 2));
        assertThat(changes).isEqualTo(5);
        assertThat(stacks()).singleElement().satisfies(top -> {
            assertThat(top.label()).contains("AllocatorCountersTest.other(");
            assertThat(top.value()).isEqualTo(SAMPLE_BYTES);
        });
        samples.forEach(Sample::end);
        source.close();
        counters.close();
        assertThat(stacks()).isEmpty();
        assertThat(owner).isNotNull();
    }

    private static Sample one(MemorySource source) {
        return sample(source);
    }

    private static Sample other(MemorySource source) {
        return sample(source);
    }

    private static Sample sample(MemorySource source) {
        Sampler sampler = Sampler.process();
        Set<String> hidden = Set.of("io.leasehold.holder.");
        // a countdown of the mean that is set now: tests before this one may have changed it
        int parity = sampler.countdown(SAMPLE_BYTES, Double.POSITIVE_INFINITY) & Sampler.STEP / 2;
        Sample sample = sampler.record(new Object(), source, source.tag(), SAMPLE_BYTES, parity - Sampler.STEP, hidden);
        return Objects.requireNonNull(sample);
    }

    private List<Counter> stacks() throws IOException {
        return CounterSnapshot.read(file.path()).counters().stream()
                .filter(counter -> counter.type() == CounterType.STACK.number())
                .toList();
    }

    @Test
    void anUpdateAllocatesNothing() {
        long block = handle(direct, 4096);
        long other = handle(onHeap, 1000);
        update(UPDATES);
        assertThat(bytesOf(() -> update(UPDATES)))
                .as("bytes in %d updates", UPDATES)
                .isLessThan(UPDATES);
        direct.free(block);
        onHeap.free(other);
    }

    /// {@return the bytes that the calling thread allocates in the best of several runs, since the compiler may still
    /// allocate in the first ones}
    private static long bytesOf(Runnable work) {
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        long least = Long.MAX_VALUE;
        for (int i = 0; i < 5; i++) {
            long before = threads.getCurrentThreadAllocatedBytes();
            work.run();
            least = Math.min(least, threads.getCurrentThreadAllocatedBytes() - before);
        }
        return least;
    }

    private static long handle(SlabHeap<long[]> heap, int byteSize) {
        return Objects.requireNonNull(heap.tryAllocate(byteSize))[0];
    }

    private void update(int times) {
        for (int i = 0; i < times; i++) {
            counters.update();
        }
    }

    @Test
    void aClosedAllocatorLeavesNoCounters() throws IOException {
        counters.update();
        counters.close();
        counters.update();
        assertThat(CounterSnapshot.read(file.path()).counters()).isEmpty();
    }

    @Test
    void aFullFileLeavesOutSizeClasses() throws IOException {
        assertThat(fill()).isNotEmpty();
        long block = handle(direct, 100);
        counters.update();
        assertThat(value("web: pinned buffers")).isEqualTo(1);
        direct.free(block);
    }

    @Test
    void totalsGetTheirCountersOnceAFullFileHasSpace() throws IOException {
        counters.close();
        List<Integer> others = fill();
        counters = new AllocatorCounters(file, "late", arena, direct, onHeap);
        counters.updateHolders(Map.of("cache", 4096L));
        long block = handle(direct, 100);
        counters.update();
        others.forEach(file::free);
        counters.update();
        counters.updateHolders(Map.of("cache", 4096L));
        assertThat(value("late: pinned buffers")).isEqualTo(1);
        assertThat(value("late: limit bytes")).isEqualTo(16 << 20);
        assertThat(value("cache")).isEqualTo(4096);
        direct.free(block);
    }

    @Test
    void theTagsThatHoldTheMostBytesHaveCounters() throws IOException {
        Map<String, Long> bytes = new HashMap<>();
        for (int i = 1; i <= AllocatorCounters.MAX_HOLDERS; i++) {
            bytes.put("tag " + i, i * 4096L);
        }
        counters.updateHolders(bytes);
        assertThat(holders()).isEqualTo(bytes);

        bytes.put("hoarder", 1L << 30);
        counters.updateHolders(bytes);
        bytes.remove("tag 1");
        assertThat(holders()).isEqualTo(bytes);

        counters.updateHolders(Map.of("tag 1", 1L));
        assertThat(holders()).isEqualTo(Map.of("tag 1", 1L));
    }

    @Test
    void aFullFileHasTheTagsThatHoldTheMostBytes() throws IOException {
        List<Integer> others = fill();
        file.free(others.getLast());
        file.free(others.getFirst());
        counters.updateHolders(Map.of("small", 1L, "large", 3L, "left out", 0L));
        assertThat(holders()).isEqualTo(Map.of("small", 1L, "large", 3L));

        counters.updateHolders(Map.of("small", 1L, "large", 3L, "new", 2L));
        assertThat(holders()).isEqualTo(Map.of("new", 2L, "large", 3L));

        file.free(others.get(1));
        counters.updateHolders(Map.of("small", 1L, "large", 3L, "new", 2L));
        assertThat(holders()).isEqualTo(Map.of("small", 1L, "new", 2L, "large", 3L));
    }

    private Map<String, Long> holders() throws IOException {
        return CounterSnapshot.read(file.path()).counters().stream()
                .filter(counter -> counter.type() == CounterType.HOLDER.number())
                .collect(Collectors.toMap(Counter::label, Counter::value));
    }

    /// Allocates all counters that are left.
    private List<Integer> fill() {
        List<Integer> others = new ArrayList<>();
        for (int other = file.allocate(1, 0, 0, "other"); other != CounterFile.NONE; ) {
            others.add(other);
            other = file.allocate(1, 0, 0, "other");
        }
        return others;
    }

    /// The counters follow each change, also after the allocator has rested, though nothing is given back.
    @Test
    void anAllocatorWithoutDecayIsCounted() {
        CounterFile own = Objects.requireNonNull(ProcessCounters.file());
        try (LeasedByteBufAllocator allocator = LeasedByteBufAllocator.builder()
                .name("kept")
                .byteLimit(16L << 20)
                .decay(PageArenaOptions.NO_DECAY)
                .build()) {
            for (int round = 0; round < 3; round++) {
                ByteBuf buf = allocator.directBuffer(5000);
                Eventually.holds("a buffer is counted", () -> value(own, "kept: pinned buffers") == 1);
                buf.release();
                Eventually.holds("no buffer is counted", () -> value(own, "kept: pinned buffers") == 0);
            }
            assertThat(allocator.metric().usedDirectMemory()).isPositive();
        }
    }

    private static long value(CounterFile file, String label) {
        return read(file).stream()
                .filter(counter -> counter.label().equals(label))
                .mapToLong(Counter::value)
                .findFirst()
                .orElse(-1);
    }

    @Test
    void allocatorsOfThisProcessAreInItsFile() {
        CounterFile own = Objects.requireNonNull(ProcessCounters.file());
        try (LeasedByteBufAllocator allocator = LeasedByteBufAllocator.builder()
                .name("counted \"here\"\n")
                .byteLimit(16L << 20)
                .build()) {
            ByteBuf buf = allocator.directBuffer(5000);
            Eventually.holds(
                    "an allocator is counted from the first tick on",
                    () -> labels(own).contains("counted \"here\"?"));
            buf.release();
        }
        assertThat(labels(own)).doesNotContain("counted \"here\"?");
    }

    private static List<String> labels(CounterFile file) {
        return read(file).stream().map(Counter::label).toList();
    }

    private static List<Counter> read(CounterFile file) {
        try {
            return CounterSnapshot.read(file.path()).counters();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private long value(String label) throws IOException {
        return CounterSnapshot.read(file.path()).counters().stream()
                .filter(counter -> counter.label().equals(label))
                .findFirst()
                .orElseThrow()
                .value();
    }
}
