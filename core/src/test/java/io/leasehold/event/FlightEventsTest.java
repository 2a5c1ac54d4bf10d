package io.leasehold.event;

import static org.assertj.core.api.Assertions.assertThat;

import io.leasehold.budget.MemoryBudget;
import io.leasehold.jumbo.JumboOptions;
import io.leasehold.jumbo.JumboPool;
import io.leasehold.netty.LeasedByteBufAllocator;
import io.leasehold.page.Eventually;
import io.leasehold.page.PageArena;
import io.leasehold.page.PageArenaOptions;
import io.leasehold.slab.block.Block;
import io.leasehold.slab.block.Blocks;
import io.leasehold.slab.block.BlocksOptions;
import io.leasehold.window.MappedFile;
import io.leasehold.window.MappedFileOptions;
import io.leasehold.window.WindowCache;
import io.leasehold.window.WindowCacheOptions;
import io.netty.buffer.ByteBuf;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.Reader;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.text.ParseException;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import jdk.jfr.Configuration;
import jdk.jfr.Event;
import jdk.jfr.EventType;
import jdk.jfr.FlightRecorder;
import jdk.jfr.Recording;
import jdk.jfr.consumer.RecordedEvent;
import jdk.jfr.consumer.RecordingFile;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(120)
class FlightEventsTest {

    @TempDir
    Path folder;

    private Recording recording;
    private PageArena arena;

    @BeforeEach
    void start() {
        recording = new Recording();
        for (String name : List.of(
                "io.leasehold.PageDecommit",
                "io.leasehold.BudgetRefusal",
                "io.leasehold.WindowFault",
                "io.leasehold.RingGrowth",
                "io.netty.AllocateChunk",
                "io.netty.FreeChunk")) {
            recording.enable(name);
        }
        recording.start();
        arena = PageArena.open(PageArenaOptions.builder()
                .name("recorded")
                .byteSize(32L << 20)
                .budget(MemoryBudget.of("recorded budget", 64 << 20))
                .build());
        Eventually.holds("the event classes are registered", FlightEvents::areRegistered);
    }

    @AfterEach
    void close() {
        recording.close();
        arena.closeForcibly();
    }

    private List<RecordedEvent> events(String name) throws IOException {
        Path file = folder.resolve("recording.jfr");
        recording.dump(file);
        return RecordingFile.readAllEvents(file).stream()
                .filter(event -> event.getEventType().getName().equals(name))
                .toList();
    }

    @Test
    void chunksAndDecommitsAreRecorded() throws IOException {
        try (Blocks blocks = Blocks.open(arena, BlocksOptions.defaults())) {
            try (Block block = blocks.tryAllocate(4096)) {
                List<RecordedEvent> chunks = events("io.netty.AllocateChunk");
                assertThat(chunks).anySatisfy(event -> {
                    assertThat(event.getClass("allocatorType").getName()).isEqualTo(Blocks.class.getName());
                    assertThat(event.getInt("capacity")).isGreaterThanOrEqualTo(4096);
                    assertThat(event.getBoolean("direct")).isTrue();
                    assertThat(event.getBoolean("pooled")).isTrue();
                    assertThat(event.getBoolean("threadLocal")).isFalse();
                    assertThat(block.address() - event.getLong("address")).isBetween(0L, event.getInt("capacity") - 1L);
                    assertThat(event.getStackTrace().getFrames()).isNotEmpty();
                });
            }
        }
        assertThat(events("io.netty.FreeChunk")).isNotEmpty();
        arena.trim();
        List<RecordedEvent> decommits = events("io.leasehold.PageDecommit").stream()
                .filter(event -> event.getString("arena").equals("recorded"))
                .toList();
        if (arena.stats().decommits() > 0) {
            assertThat(decommits).isNotEmpty().allSatisfy(event -> {
                assertThat(event.getLong("byteSize")).isPositive();
                assertThat(event.getInt("runs")).isPositive();
                assertThat(event.getBoolean("succeeded")).isTrue();
            });
        } else {
            assertThat(decommits).isEmpty();
        }
    }

    @Test
    void chunksOfBuffersAreRecordedUnderTheClassOfTheBuffers() throws IOException {
        try (LeasedByteBufAllocator allocator = LeasedByteBufAllocator.builder()
                .name("chunks")
                .byteLimit(32 << 20)
                .build()) {
            ByteBuf onHeap = allocator.heapBuffer(1000);
            ByteBuf direct = allocator.directBuffer(1 << 20, 8 << 20);
            direct.capacity(4 << 20); // in place or not: what is freed below was allocated

            assertThat(events("io.netty.AllocateChunk"))
                    .anySatisfy(event -> {
                        assertThat(allocatorOf(event)).isEqualTo(LeasedByteBufAllocator.class.getName());
                        assertThat(event.getBoolean("direct")).isFalse();
                        assertThat(event.getLong("address")).isZero();
                        assertThat(event.getInt("capacity")).isGreaterThanOrEqualTo(1000);
                    })
                    .anySatisfy(event -> {
                        assertThat(allocatorOf(event)).isEqualTo(LeasedByteBufAllocator.class.getName());
                        assertThat(event.getBoolean("direct")).isTrue();
                        assertThat(event.getLong("address")).isEqualTo(direct.memoryAddress());
                        assertThat(event.getInt("capacity")).isGreaterThanOrEqualTo(4 << 20);
                    });
            onHeap.release();
            direct.release();
        }
        for (boolean isDirect : new boolean[] {true, false}) {
            assertThat(capacities("io.netty.FreeChunk", isDirect))
                    .isEqualTo(capacities("io.netty.AllocateChunk", isDirect))
                    .isPositive();
        }
    }

    private static String allocatorOf(RecordedEvent event) {
        return event.getClass("allocatorType").getName();
    }

    /// {@return the bytes of the chunks of buffers that were allocated or freed}
    private long capacities(String name, boolean isDirect) throws IOException {
        return events(name).stream()
                .filter(event -> allocatorOf(event).equals(LeasedByteBufAllocator.class.getName()))
                .filter(event -> event.getBoolean("direct") == isDirect)
                .mapToLong(event -> event.getInt("capacity"))
                .sum();
    }

    @Test
    void refusalsOfABudgetAreRecorded() throws IOException {
        MemoryBudget small = MemoryBudget.of("small", 1000);
        assertThat(small.tryReserve(600)).isTrue();
        assertThat(small.tryReserve(500)).isFalse();
        assertThat(events("io.leasehold.BudgetRefusal")).anySatisfy(event -> {
            assertThat(event.getString("budget")).isEqualTo("small");
            assertThat(event.getLong("byteSize")).isEqualTo(500);
            assertThat(event.getLong("usedBytes")).isEqualTo(600);
            assertThat(event.getLong("limitBytes")).isEqualTo(1000);
        });
    }

    @Test
    void growthOfARingIsRecorded() throws IOException {
        try (JumboPool<Object> pool =
                JumboPool.open(arena, JumboOptions.defaults(), (of, number, address, size) -> new Object())) {
            pool.free(pool.allocate());
            assertThat(events("io.leasehold.RingGrowth")).isNotEmpty().allSatisfy(event -> {
                assertThat(event.getString("pool"))
                        .isEqualTo(JumboOptions.defaults().name());
                assertThat(event.getLong("byteSize"))
                        .isEqualTo(JumboOptions.defaults().slabByteSize());
                assertThat(event.getInt("pages")).isPositive();
            });
        }
    }

    @Test
    void mappedPartsOfFilesAreRecorded() throws IOException {
        Path path = Files.write(folder.resolve("file"), new byte[100_000]);
        try (WindowCache cache = WindowCache.open(arena, WindowCacheOptions.defaults());
                MappedFile file = cache.open(path, MappedFileOptions.owned())) {
            byte[] into = new byte[100];
            for (int i = 0; i < 100; i++) {
                cache.read(file, i * 1000L, MemorySegment.ofArray(into));
            }
            long admits = cache.stats().admits();
            List<RecordedEvent> faults = events("io.leasehold.WindowFault").stream()
                    .filter(event -> event.getString("file").equals(path.toString()))
                    .toList();
            assertThat(faults).hasSize((int) admits);
        }
    }

    @Test
    void namesAndFieldsAreThoseOfNetty() throws Exception {
        Map<String, Set<String>> own = Map.of(
                "AllocateChunk", fields(AllocateChunkEvent.class),
                "FreeChunk", fields(FreeChunkEvent.class),
                "AllocateBuffer", fields(AllocateBufferEvent.class),
                "ReallocateBuffer", fields(ReallocateBufferEvent.class),
                "FreeBuffer", fields(FreeBufferEvent.class));
        for (Map.Entry<String, Set<String>> event : own.entrySet()) {
            Class<?> netty;
            try {
                netty = Class.forName("io.netty.buffer." + event.getKey() + "Event");
            } catch (ClassNotFoundException e) {
                return; // Netty before 4.2.3 has no events
            }
            FlightRecorder.register(netty.asSubclass(Event.class));
            assertThat(event.getValue())
                    .isEqualTo(EventType.getEventType(netty.asSubclass(Event.class)).getFields().stream()
                            .map(field -> field.getTypeName() + " " + field.getName() + " " + field.getContentType())
                            .collect(Collectors.toSet()));
        }
    }

    private static Set<String> fields(Class<? extends Event> event) {
        return EventType.getEventType(event).getFields().stream()
                .map(field -> field.getTypeName() + " " + field.getName() + " " + field.getContentType())
                .collect(Collectors.toSet());
    }

    @Test
    void theSettingsInTheJarNameEveryEvent() throws IOException, ParseException {
        try (Reader reader = new InputStreamReader(
                FlightEvents.class.getResourceAsStream("/leasehold.jfc"), StandardCharsets.UTF_8)) {
            Map<String, String> settings = Configuration.create(reader).getSettings();
            Set<String> named = settings.keySet().stream()
                    .map(setting -> setting.replaceFirst("#.*", ""))
                    .collect(Collectors.toSet());
            Set<String> own = FlightRecorder.getFlightRecorder().getEventTypes().stream()
                    .map(EventType::getName)
                    .filter(name -> name.startsWith("io.leasehold.") || name.matches("io\\.netty\\..*(Chunk|Buffer)"))
                    .collect(Collectors.toSet());
            assertThat(own).contains("io.netty.AllocateChunk", "io.leasehold.PageDecommit");
            assertThat(named).isEqualTo(own);
            assertThat(settings)
                    .containsEntry("io.leasehold.BudgetRefusal#enabled", "true")
                    .containsEntry("io.netty.AllocateBuffer#enabled", "false");
        }
    }
}
