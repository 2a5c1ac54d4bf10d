package io.leasehold;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.leasehold.budget.MemoryBudget;
import io.leasehold.datagram.DatagramSource;
import io.leasehold.jumbo.JumboOptions;
import io.leasehold.jumbo.JumboPool;
import io.leasehold.netty.LeasedByteBufAllocator;
import io.leasehold.netty.TagHandler;
import io.leasehold.netty.file.FileSource;
import io.leasehold.netty.uring.ClosingRecvByteBufAllocator;
import io.leasehold.observe.Holder;
import io.leasehold.observe.Profile;
import io.leasehold.observe.micrometer.LeaseholdMetrics;
import io.leasehold.page.PageArena;
import io.leasehold.page.PageArenaOptions;
import io.leasehold.window.FileTrust;
import io.leasehold.window.Uio;
import io.leasehold.window.WindowCache;
import io.leasehold.window.WindowCacheOptions;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.channels.ReadableByteChannel;
import java.nio.channels.WritableByteChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Null is refused by the call that gets it, with the name of the argument, and not by a later call that needs it.
@SuppressWarnings("NullAway") // that is what is tested
class NullArgumentsTest {

    private final PageArena arena = PageArena.open(PageArenaOptions.builder()
            .byteSize(8 << 20)
            .budget(MemoryBudget.of("nulls", 16 << 20))
            .build());

    @AfterEach
    void close() {
        arena.close();
    }

    @Test
    void objectsOfOtherLibrariesAreNeeded() {
        assertRefused("reads", () -> new ClosingRecvByteBufAllocator(null));
        assertRefused("allocator", () -> new LeaseholdMetrics(null));
        assertRefused("choice", () -> TagHandler.chooser(null));
        assertRefused("to", () -> Uio.reading(0, 1, (WritableByteChannel) null));
        assertRefused("from", () -> Uio.writing(0, 1, (ReadableByteChannel) null));
    }

    @Test
    void namesAreNeeded() {
        assertRefused("tag", () -> new TagHandler(null));
        assertRefused("tag", () -> Holder.tag(null));
        assertRefused("source", () -> Profile.of(null));
        assertRefused("minAge", () -> Profile.NONE.olderThan(null));
        assertRefused("minAge", () -> Profile.NONE.suspectReport(null, 1));
    }

    @Test
    void aTimeoutIsNeededEvenIfThereIsMemory() {
        assertRefused("timeout", () -> arena.tryAllocateRun(1, (Duration) null));
    }

    @Test
    void aPoolNeedsABinder() {
        assertRefused("binder", () -> JumboPool.open(arena, JumboOptions.defaults(), null));
    }

    @Test
    void aSourceOfDatagramsNeedsAHandlerEvenIfThereAreNone() {
        InetSocketAddress local = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
        try (JumboPool<Object> pool = JumboPool.open(
                        arena, JumboOptions.defaults(), (from, page, address, byteSize) -> new Object());
                DatagramSource<Object> source = DatagramSource.open(local, pool, 1)) {
            assertRefused("handler", () -> source.receive(null, 1));
        }
    }

    @Test
    void aSourceOfAFileNeedsAnAllocator(@TempDir Path folder) throws IOException {
        Path path = Files.createFile(folder.resolve("empty"));
        LeasedByteBufAllocator none = null;
        WindowCacheOptions options = WindowCacheOptions.builder()
                .windows(0, 1 << 20)
                .extents(0, 1 << 20)
                .build();
        try (WindowCache cache = WindowCache.open(arena, options)) {
            assertRefused("allocator", () -> FileSource.open(cache, none, path, FileTrust.FOREIGN));
        }
    }

    private static void assertRefused(String argument, ThrowingCallable call) {
        assertThatThrownBy(call).isInstanceOf(NullPointerException.class).hasMessage(argument + " is null");
    }
}
