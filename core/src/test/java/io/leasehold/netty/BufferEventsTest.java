package io.leasehold.netty;

import static org.assertj.core.api.Assertions.assertThat;

import io.leasehold.event.BufferEvents;
import io.leasehold.holder.EveryUse;
import io.leasehold.holder.ThreadTag;
import io.leasehold.observe.Holder;
import io.leasehold.page.Eventually;
import io.leasehold.page.PageArenaOptions;
import io.netty.buffer.ByteBuf;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import jdk.jfr.Recording;
import jdk.jfr.consumer.RecordedEvent;
import jdk.jfr.consumer.RecordingFile;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// Each buffer is in the flight recorder while a recording asks for that, and at no other time.
@Timeout(300)
final class BufferEventsTest {

    private static final String ALLOCATE = "io.netty.AllocateBuffer";
    private static final String REALLOCATE = "io.netty.ReallocateBuffer";
    private static final String FREE = "io.netty.FreeBuffer";

    @TempDir
    Path folder;

    private final Recording recording = new Recording();
    private LeasedByteBufAllocator allocator;

    @BeforeEach
    void open() {
        allocator = LeasedByteBufAllocator.builder()
                .name("recorded")
                .byteLimit(16 << 20)
                .build();
    }

    @AfterEach
    void close() {
        recording.close();
        allocator.close();
    }

    /// Starts a recording, and waits until the maintenance thread has found it.
    private void start(String... names) {
        List.of(ALLOCATE, REALLOCATE, FREE).forEach(recording::disable);
        List.of(names).forEach(recording::enable);
        recording.start();
        awaitEvents(true);
    }

    /// Uses the allocator until the maintenance thread has looked, since the thread rests while nothing changes.
    private void awaitEvents(boolean areWanted) {
        Eventually.holds("events of buffers are wanted: " + areWanted, () -> {
            allocator.directBuffer(100_000).release();
            allocator.trim();
            return BufferEvents.areWanted() == areWanted;
        });
    }

    private List<RecordedEvent> events() throws IOException {
        Path file = folder.resolve("recording.jfr");
        recording.dump(file);
        return RecordingFile.readAllEvents(file).stream()
                .filter(event -> event.getEventType().getName().startsWith("io.netty."))
                .filter(event -> event.getThread().getJavaThreadId()
                        == Thread.currentThread().threadId())
                .filter(event -> event.getInt("maxCapacity") == 9_999)
                .sorted((a, b) -> a.getStartTime().compareTo(b.getStartTime()))
                .toList();
    }

    private static List<String> names(List<RecordedEvent> events) {
        return events.stream().map(event -> event.getEventType().getName()).toList();
    }

    @Test
    void allocationGrowthAndReleaseAreRecorded() throws IOException {
        start(ALLOCATE, REALLOCATE, FREE);
        ByteBuf buf = allocator.directBuffer(1000, 9_999);
        long address = buf.memoryAddress();
        buf.capacity(1010); // in the block
        buf.capacity(5000);
        long newAddress = buf.memoryAddress();
        buf.retain();
        buf.release();
        buf.release();

        List<RecordedEvent> events = events();
        assertThat(names(events)).containsExactly(ALLOCATE, REALLOCATE, ALLOCATE, FREE);
        assertThat(events).allSatisfy(event -> {
            assertThat(event.getClass("allocatorType").getName()).isEqualTo(LeasedByteBufAllocator.class.getName());
            assertThat(event.getBoolean("direct")).isTrue();
            assertThat(event.getStackTrace().getFrames())
                    .anyMatch(frame -> frame.getMethod().getName().equals("allocationGrowthAndReleaseAreRecorded"));
        });
        assertThat(events).extracting(event -> event.getInt("size")).containsExactly(1000, 1010, 5000, 5000);
        assertThat(events).extracting(event -> event.getInt("maxFastCapacity")).containsExactly(1024, 1024, 5120, 5120);
        assertThat(events)
                .extracting(event -> event.getLong("address"))
                .containsExactly(address, address, newAddress, newAddress);
        assertThat(events.getFirst().getBoolean("chunkPooled")).isTrue();
        assertThat(events.getFirst().getBoolean("chunkThreadLocal")).isFalse();
        assertThat(events.get(1).getInt("newCapacity")).isEqualTo(5000);
    }

    @Test
    void buffersOnTheJavaHeapHaveNoAddress() throws IOException {
        start(ALLOCATE, FREE);
        allocator.heapBuffer(1000, 9_999).release();

        assertThat(names(events())).containsExactly(ALLOCATE, FREE);
        assertThat(events()).allSatisfy(event -> {
            assertThat(event.getBoolean("direct")).isFalse();
            assertThat(event.getLong("address")).isZero();
        });
    }

    @Test
    void anAllocatorWithoutDecayIsRecorded() throws IOException {
        allocator.close();
        allocator = LeasedByteBufAllocator.builder()
                .name("kept")
                .byteLimit(16 << 20)
                .decay(PageArenaOptions.NO_DECAY)
                .build();
        start(ALLOCATE, FREE);
        allocator.directBuffer(1000, 9_999).release();

        assertThat(names(events())).containsExactly(ALLOCATE, FREE);
    }

    @Test
    void oneEventCanBeAskedForAlone() throws IOException {
        start(FREE);
        ByteBuf buf = allocator.directBuffer(1000, 9_999);
        buf.capacity(5000);
        buf.release();

        assertThat(names(events())).containsExactly(FREE);
    }

    @Test
    void tagsAreCountedBesideEvents() throws IOException {
        start(ALLOCATE, REALLOCATE, FREE);
        ByteBuf buf;
        try (Holder _ = Holder.tag("recorded tag")) {
            buf = allocator.directBuffer(1000, 9_999);
        }
        assertThat(allocator.holders()).containsEntry("recorded tag", 1024L);
        buf.capacity(5000);
        assertThat(allocator.holders()).containsEntry("recorded tag", 5120L);
        buf.release();

        assertThat(allocator.holders()).isEmpty();
        assertThat(names(events())).containsExactly(ALLOCATE, REALLOCATE, ALLOCATE, FREE);
    }

    @Test
    void nothingIsRecordedWithoutARecording() throws IOException {
        start(ALLOCATE, FREE);
        ByteBuf before = allocator.directBuffer(1000, 9_999);
        recording.disable(ALLOCATE);
        recording.disable(FREE);
        awaitEvents(false);
        allocator.directBuffer(1000, 9_999).release();
        before.release();

        assertThat(names(events())).containsExactly(ALLOCATE);
        recording.stop();
        assertThat(EveryUse.isRecorded()).isEqualTo(ThreadTag.isUsed());
    }
}
