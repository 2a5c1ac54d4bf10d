package io.leasehold.observe;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;

import io.leasehold.budget.MemoryBudget;
import io.leasehold.holder.MemorySource;
import io.leasehold.holder.Tag;
import io.leasehold.jumbo.JumboOptions;
import io.leasehold.jumbo.JumboPool;
import io.leasehold.lease.LeasePool;
import io.leasehold.lease.LeasePoolOptions;
import io.leasehold.netty.LeasedByteBufAllocator;
import io.leasehold.os.AddressSpace;
import io.leasehold.page.PageArena;
import io.leasehold.page.PageArenaOptions;
import io.leasehold.window.MappedFile;
import io.leasehold.window.MappedFileOptions;
import io.leasehold.window.Window;
import io.leasehold.window.WindowCache;
import io.leasehold.window.WindowCacheOptions;
import io.netty.buffer.ByteBuf;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Tags and sizes are exact.
final class HoldersTest {

    private final LeasedByteBufAllocator web = LeasedByteBufAllocator.builder()
            .name("holders web")
            .tag("http")
            .byteLimit(64 << 20)
            .build();

    private final List<ByteBuf> live = new ArrayList<>();

    @AfterEach
    void close() {
        live.forEach(ByteBuf::release);
        web.close();
        assertThat(bytes("holders web", "http")).isZero();
    }

    @Test
    void buffersCountUnderTheTagOfTheirAllocator() {
        hold(3, 4096);
        hold(2, 65_536);

        assertThat(of("holders web"))
                .containsExactly(
                        new Holding("allocator", "holders web", "http", 65_536, 2),
                        new Holding("allocator", "holders web", "http", 4096, 3));
    }

    @Test
    void nameCannotBreakALine() {
        try (LeasedByteBufAllocator odd = LeasedByteBufAllocator.builder()
                .name("a\nb\u009bc")
                .tag("t\u2028u")
                .byteLimit(1 << 20)
                .build()) {
            ByteBuf buf = odd.directBuffer(1024);
            assertThat(of("a?b?c")).containsExactly(new Holding("allocator", "a?b?c", "t?u", 1024, 1));
            assertThat(Profile.of("a\nb\u009bc").holders()).hasSize(1);
            buf.release();
        }
    }

    @Test
    void nestedHoldersOfOneTagCloseInReverseOrder() {
        Holder outer = Holder.tag("cache");
        Holder inner = Holder.tag("cache");
        assertThatThrownBy(outer::close)
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("holder is not the innermost one: tag=cache");
        inner.close();
        hold(1, 1024);
        outer.close();
        hold(1, 4096);

        assertThat(of("holders web"))
                .containsExactly(
                        new Holding("allocator", "holders web", "http", 4096, 1),
                        new Holding("allocator", "holders web", "cache", 1024, 1));
    }

    @Test
    void buffersOfTaggedThreadCountUnderItsTag() {
        hold(3, 4096);
        try (Holder cache = Holder.tag("cache")) {
            hold(2, 4096);
            try (Holder inner = Holder.tag("cache index")) {
                hold(1, 1024);
                assertThat(inner).hasToString("Holder(cache index)");
            }
            hold(1, 65_536);
            assertThat(cache).hasToString("Holder(cache)");
        }
        hold(1, 65_536);

        assertThat(bytes("holders web", "http")).isEqualTo(3 * 4096 + 65_536);
        assertThat(bytes("holders web", "cache")).isEqualTo(2 * 4096 + 65_536);
        assertThat(bytes("holders web", "cache index")).isEqualTo(1024);
    }

    @Test
    void releaseOnAnyThreadEndsTheCount() throws Exception {
        try (Holder cache = Holder.tag("cache")) {
            hold(5, 4096);
            assertThat(cache).isNotNull();
        }
        onOtherThread(() -> live.remove(0).release());
        live.remove(0).release();

        assertThat(bytes("holders web", "cache")).isEqualTo(3 * 4096);
        assertThat(bytes("holders web", "http")).isZero();
    }

    @Test
    void buffersThatGrowCountWithTheirNewSize() {
        try (Holder cache = Holder.tag("cache")) {
            hold(2, 1024);
            assertThat(cache).isNotNull();
        }
        live.get(0).capacity(60_000);

        assertThat(of("holders web"))
                .containsExactly(
                        new Holding("allocator", "holders web", "cache", 61_440, 1),
                        new Holding("allocator", "holders web", "cache", 1024, 1));
    }

    @Test
    void randomWorkIsCountedExactly() {
        long seed = new Random().nextLong();
        System.out.println("seed " + seed);
        Random random = new Random(seed);
        String[] tags = {"http", "one", "two", "three"};
        List<String> owners = new ArrayList<>();
        for (int i = 0; i < 3_000; i++) {
            if (live.isEmpty() || (random.nextInt(5) < 3 && live.size() < 500)) {
                String tag = tags[random.nextInt(tags.length)];
                try (Holder holder = Holder.tag(tag)) {
                    hold(1, 1 << random.nextInt(15));
                    assertThat(holder).isNotNull();
                }
                owners.add(tag);
            } else if (random.nextInt(8) == 0) {
                ByteBuf buf = live.get(random.nextInt(live.size()));
                buf.capacity(Math.min(buf.capacity() * 2, 32 << 10));
            } else {
                int index = random.nextInt(live.size());
                live.remove(index).release();
                owners.remove(index);
            }
        }
        for (String tag : tags) {
            long expected = 0;
            for (int i = 0; i < live.size(); i++) {
                expected += owners.get(i).equals(tag) ? live.get(i).maxFastWritableBytes() : 0;
            }
            assertThat(bytes("holders web", tag))
                    .as("tag %s, seed %d", tag, seed)
                    .isEqualTo(expected);
        }
    }

    @Test
    void arenasAndPoolsCountTheirPages() {
        PageArenaOptions options = PageArenaOptions.builder()
                .name("holders arena")
                .byteSize(8 << 20)
                .budget(MemoryBudget.of("holders", 16 << 20))
                .build();
        PageArena arena;
        try (Holder storage = Holder.tag("storage")) {
            arena = PageArena.open(options);
            assertThat(storage).isNotNull();
        }
        JumboPool<String> pool = JumboPool.open(
                arena, JumboOptions.builder().name("holders ring").build(), (owner, page, address, byteSize) -> "page");
        LeasePool leases = LeasePool.open(arena, LeasePoolOptions.directMap().withName("holders leases"));
        long run = arena.allocateRun(3);
        arena.frames().wire(run);
        long lease = leases.acquireHandle(run);
        long page = pool.allocate();

        long pages = 3 + pool.options().slabByteSize() / arena.options().pageByteSize();
        assertThat(Holders.exact())
                .contains(
                        new Holding(
                                "arena",
                                "holders arena",
                                "storage",
                                arena.options().pageByteSize(),
                                pages),
                        new Holding("page-pool", "holders ring", "holders ring", pool.pageByteSize(), 1),
                        new Holding(
                                "lease-pool",
                                "holders leases",
                                "holders leases",
                                arena.options().pageByteSize(),
                                1));

        pool.free(page);
        leases.free(lease);
        arena.frames().unwire(run);
        arena.free(run);
        pool.close();
        leases.close();
        arena.close();
        assertThat(Holders.exact()).noneMatch(holding -> holding.source().startsWith("holders ring"));
        assertThat(MemorySource.all())
                .noneMatch(source -> source.name().equals("holders arena")
                        || source.name().equals("holders leases")
                        || source.name().equals("holders ring"));
    }

    @Test
    void tagsOfOptionsComeBeforeThoseOfTheThread() {
        PageArenaOptions options = PageArenaOptions.builder()
                .name("tagged arena")
                .tag("arena tag")
                .byteSize(8 << 20)
                .budget(MemoryBudget.of("tagged", 16 << 20))
                .build();
        try (Holder storage = Holder.tag("storage");
                PageArena arena = PageArena.open(options);
                JumboPool<String> pool = JumboPool.open(
                        arena,
                        JumboOptions.builder()
                                .name("tagged ring")
                                .tag("ring tag")
                                .build(),
                        (owner, page, address, byteSize) -> "page");
                LeasePool leases = LeasePool.open(
                        arena,
                        LeasePoolOptions.directMap()
                                .withTag("lease tag")
                                .withName("tagged leases")
                                .withTraced(false))) {
            assertThat(storage).isNotNull();
            long run = arena.allocateRun(3);
            arena.frames().wire(run);
            long lease = leases.acquireHandle(run);
            long page = pool.allocate();
            assertThat(Holders.exact())
                    .extracting(Holding::source, Holding::tag)
                    .contains(
                            tuple("tagged arena", "arena tag"),
                            tuple("tagged ring", "ring tag"),
                            tuple("tagged leases", "lease tag"));
            pool.free(page);
            leases.free(lease);
            arena.frames().unwire(run);
            arena.free(run);
        }
    }

    @Test
    void tagsOfOptionsAreChecked() {
        assertThatThrownBy(() -> PageArenaOptions.builder().tag(" ").build()).hasMessage("tag is blank: tag=\" \"");
        assertThatThrownBy(() -> JumboOptions.builder().tag(" ").build()).hasMessage("tag is blank: tag=\" \"");
        assertThatThrownBy(() -> LeasePoolOptions.directMap().withTag("x".repeat(101)))
                .hasMessageContaining("length=101, max=100");
    }

    @Test
    void windowCachesCountMappedWindows(@TempDir Path folder) throws IOException {
        Path path = Files.write(folder.resolve("file"), new byte[3 << 16]);
        WindowCacheOptions options = WindowCacheOptions.builder()
                .name("holders windows")
                .tag("files")
                .windows(4, 1 << 16)
                .extents(0, 1 << 16)
                .build();
        try (PageArena arena =
                PageArena.open(PageArenaOptions.builder().byteSize(8 << 20).build())) {
            WindowCache cache = WindowCache.open(arena, options);
            MappedFile file = cache.open(path, MappedFileOptions.owned());
            assertThat(windows()).isEmpty();
            cache.lend(file, 0, 100).close();
            Window lent = cache.lend(file, 2 << 16, 100);
            if (AddressSpace.isNative()) {
                assertThat(windows())
                        .containsExactly(new Holding("window-cache", "holders windows", "files", 1 << 16, 2));
                assertThat(Holders.toTable(500))
                        .contains("files                          window-cache holders windows");
            }
            lent.close();
            file.close();
            assertThat(windows()).isEmpty();
            cache.close();
        }
        assertThat(MemorySource.all()).noneMatch(source -> source.name().equals("holders windows"));
    }

    private static List<Holding> windows() {
        return Holders.exact().stream()
                .filter(holding -> holding.source().equals("holders windows"))
                .toList();
    }

    @Test
    void holderBelongsToItsThreadAndToItsPlace() throws Exception {
        Holder outer = Holder.tag("outer");
        Holder inner = Holder.tag("inner");

        assertThatThrownBy(outer::close)
                .isInstanceOf(IllegalStateException.class)
                .hasMessage("holder is not the innermost one: tag=outer, innermost=inner; close that one first");
        onOtherThread(() -> {
            assertThatThrownBy(inner::close)
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageStartingWith("holder belongs to another thread: tag=inner, thread=");
            return null;
        });
        inner.close();
        inner.close();
        outer.close();
        hold(1, 1024);
        assertThat(bytes("holders web", "http")).isEqualTo(1024);
    }

    @Test
    void namesOfAllocatorsTakeNoTagsOfThreads() {
        for (int i = 0; i < Tag.MAX_TAGS; i++) {
            try (LeasedByteBufAllocator shortLived = LeasedByteBufAllocator.builder()
                    .name("short-lived " + i)
                    .byteLimit(4 << 20)
                    .build()) {
                shortLived.directBuffer(16).release();
            }
        }
        assertThat(Tag.of("the last tag")).hasToString("the last tag");
    }

    /// Lines of tables and of collapsed stacks, for example.
    @Test
    void aTagIsOneLine() {
        assertThat(Tag.of("route /a\nfake;evil 9\t")).hasToString("route /a?fake;evil 9?");
        String name = " ".repeat(Tag.MAX_NAME_LENGTH) + "blank at first";
        try (LeasedByteBufAllocator allocator =
                LeasedByteBufAllocator.builder().name(name).byteLimit(4 << 20).build()) {
            allocator.directBuffer(16).release();
        }
    }

    @Test
    void bothKindsOfBuffersOfAnAllocatorHaveItsName() {
        try (LeasedByteBufAllocator allocator = LeasedByteBufAllocator.builder()
                .name("holders both")
                .byteLimit(4 << 20)
                .build()) {
            ByteBuf direct = allocator.directBuffer(1024);
            ByteBuf onHeap = allocator.heapBuffer(2048);
            assertThat(bytes("holders both", "holders both") + bytes("holders both on the Java heap", "holders both"))
                    .isEqualTo(1024 + 2048);
            direct.release();
            onHeap.release();
        }
    }

    @Test
    void tagsAreCheckedAndBounded() {
        assertThatThrownBy(() -> Holder.tag(" "))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("tag is blank: tag=\" \"");
        assertThatThrownBy(() -> LeasedByteBufAllocator.builder().tag("x".repeat(101)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("length=101, max=100");
        assertThat(Tag.of("cache")).isSameAs(Tag.of("cache"));
    }

    private void hold(int count, int byteSize) {
        for (int i = 0; i < count; i++) {
            live.add(web.directBuffer(byteSize));
        }
    }

    private static List<Holding> of(String source) {
        return Holders.exact().stream()
                .filter(h -> h.kind().equals("allocator") && h.source().equals(source))
                .toList();
    }

    private static long bytes(String source, String tag) {
        return of(source).stream()
                .filter(h -> h.tag().equals(tag))
                .mapToLong(Holding::bytes)
                .sum();
    }

    private static void onOtherThread(Callable<?> task) throws Exception {
        try (ExecutorService thread = Executors.newSingleThreadExecutor()) {
            thread.submit(task).get();
        }
    }
}
