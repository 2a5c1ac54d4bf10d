package io.leasehold.window;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.leasehold.memory.OffHeap;
import io.leasehold.page.PageArena;
import io.leasehold.page.PageArenaOptions;
import io.leasehold.page.PageExhaustedException;
import io.leasehold.page.Watchdog;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ReadOnlyBufferException;
import java.nio.channels.ReadableByteChannel;
import java.nio.file.Path;
import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;

/// Close on every tier, all or nothing, and calls that are rejected before they change anything.
interface WindowCloseContract extends WindowTierFixture {

    @Test
    default void rejectedCloseOfACacheChangesNothing() throws IOException {
        try (WindowCacheFixture fixture = fixture()) {
            for (FileTrust trust : FileTrust.values()) {
                List<MappedFile> files = openFiles(fixture, trust);
                Window window = lend(fixture.cache, files.get(3), WindowFlag.READ);
                assertThatThrownBy(fixture.cache::close)
                        .isInstanceOf(IllegalStateException.class)
                        .hasMessageContaining(files.get(3).path().toString());
                for (MappedFile file : files) {
                    assertThat(fixture.read(file, 0, 10)).isEqualTo(WindowCacheFixture.pattern(10, 1));
                    lend(fixture.cache, file, WindowFlag.READ).close();
                }
                window.close();
            }
        }
    }

    @Test
    default void threadsThatLendSeeNothingOfRejectedCloses() throws Exception {
        try (WindowCacheFixture fixture = fixture()) {
            List<MappedFile> files = openFiles(fixture, FileTrust.IMMUTABLE);
            AtomicReference<Throwable> failure = new AtomicReference<>();
            CountDownLatch done = new CountDownLatch(1);
            Window window = lend(fixture.cache, files.getFirst(), WindowFlag.READ);
            Thread lender = Thread.ofPlatform().start(() -> {
                try {
                    while (done.getCount() > 0) {
                        lend(fixture.cache, files.getLast(), WindowFlag.READ).close();
                    }
                } catch (Throwable e) {
                    failure.set(e);
                }
            });
            for (int i = 0; i < 200; i++) {
                assertThatThrownBy(fixture.cache::close).isInstanceOf(IllegalStateException.class);
                assertThatThrownBy(files.getFirst()::close).isInstanceOf(IllegalStateException.class);
            }
            done.countDown();
            lender.join();
            assertThat(failure).hasNullValue();
            window.close();
        }
    }

    @Test
    default void closeBesideLendersIsCompleteOrRejected() throws Exception {
        for (int round = 0; round < 20; round++) {
            WindowCacheFixture fixture = fixture();
            List<MappedFile> files = openFiles(fixture, FileTrust.OWNED);
            CountDownLatch lent = new CountDownLatch(20);
            Thread lender = Thread.ofPlatform().start(() -> {
                try {
                    while (true) {
                        lend(fixture.cache, files.getLast(), WindowFlag.READ).close();
                        lent.countDown();
                    }
                } catch (IllegalStateException | IOException e) {
                    assertThat(e).hasMessageContaining("closed");
                }
            });
            lent.await();
            boolean isClosed = false;
            while (!isClosed) {
                try {
                    fixture.cache.close();
                    isClosed = true;
                } catch (IllegalStateException e) {
                    for (MappedFile file : files) {
                        assertThat(fixture.read(file, 0, 1)).hasSize(1);
                    }
                }
            }
            lender.join();
            fixture.close();
        }
    }

    @Test
    default void privateCopyThatIsReadIsCounted() throws IOException {
        try (WindowCacheFixture fixture = fixture();
                MappedFile file = fixture.open(content(), FileTrust.FOREIGN, tier())) {
            Window window = lend(fixture.cache, file, WindowFlag.READ);
            assertThatThrownBy(file::close).isInstanceOf(IllegalStateException.class);
            assertThatThrownBy(() -> file.close(Duration.ofMillis(1))).isInstanceOf(IllegalStateException.class);
            assertThatThrownBy(fixture.cache::close).isInstanceOf(IllegalStateException.class);
            assertThat(window.segment().get(ValueLayout.JAVA_BYTE, 0)).isEqualTo(WindowCacheFixture.patternAt(0, 1));
            window.close();
        }
    }

    /// A source that blocks until it is released.
    final class SlowSource implements ReadableByteChannel {
        private final CountDownLatch asked = new CountDownLatch(1);
        private final CountDownLatch released = new CountDownLatch(1);

        @Override
        public int read(ByteBuffer to) throws IOException {
            asked.countDown();
            try {
                released.await();
            } catch (InterruptedException e) {
                throw new IOException(e);
            }
            int count = to.remaining();
            while (to.hasRemaining()) {
                to.put((byte) 5);
            }
            return count;
        }

        @Override
        public boolean isOpen() {
            return true;
        }

        @Override
        public void close() {}
    }

    @Test
    default void closeKeepsItsTimeoutWhileASourceBlocks() throws Exception {
        try (WindowCacheFixture fixture = fixture();
                MappedFile file = fixture.open(content(), FileTrust.OWNED, tier())) {
            SlowSource source = new SlowSource();
            AtomicReference<Throwable> failure = new AtomicReference<>();
            Thread writer = writer(fixture.cache, file, source, failure);
            source.asked.await();
            assertThatThrownBy(() -> file.close(Duration.ofMillis(1)))
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("transfers of a channel=1");
            assertThatThrownBy(fixture.cache::close).isInstanceOf(IllegalStateException.class);
            assertThat(fixture.read(file, 0, 10)).hasSize(10);
            source.released.countDown();
            writer.join();
            assertThat(failure).hasNullValue();
            assertThat(fixture.read(file, 0, 3)).containsExactly(5, 5, 5);
        }
    }

    /// A transfer holds the lock of the writer while its source blocks.
    @Test
    default void windowForWritingWaitsForAWriterUntilItsDeadline() throws Exception {
        Watchdog watchdog = new Watchdog();
        try (WindowCacheFixture fixture = fixture();
                MappedFile file = fixture.open(content(), FileTrust.OWNED, tier())) {
            WindowCache cache = fixture.cache;
            int noWait = WindowFlag.WRITE | WindowFlag.NOWAIT;
            SlowSource source = new SlowSource();
            AtomicReference<Throwable> failure = new AtomicReference<>();
            Thread writer = writer(cache, file, source, failure);
            source.asked.await();
            watchdog.start("borrower", () -> {
                Duration timeout = Duration.ofMillis(1);
                assertThat(cache.alloc(file, 0, 9, AccessAdvice.NORMAL, noWait)).isNull();
                assertThat(cache.tryAlloc(file, 0, 9, AccessAdvice.NORMAL, WindowFlag.WRITE, timeout))
                        .isNull();
                Thread.currentThread().interrupt();
                assertThat(cache.tryAlloc(file, 0, 9, AccessAdvice.NORMAL, WindowFlag.WRITE, timeout))
                        .isNull();
                assertThat(Thread.interrupted()).isTrue();
            });
            watchdog.join();
            source.released.countDown();
            writer.join();
            assertThat(failure).hasNullValue();
            file.truncate(0); // which an outstanding window would not allow
            Objects.requireNonNull(cache.alloc(file, 0, 9, AccessAdvice.NORMAL, noWait))
                    .close();
        }
    }

    /// An event loop may release the window, so the release waits for no source. The transfer and the window both
    /// extend the file: neither zeroes the bytes of the other.
    @Test
    default void windowForWritingIsReleasedWhileASourceBlocks() throws Exception {
        Watchdog watchdog = new Watchdog();
        try (WindowCacheFixture fixture = fixture();
                MappedFile file = fixture.open(content(), FileTrust.OWNED, tier())) {
            WindowCache cache = fixture.cache;
            int end = 3 * WINDOW - 1000; // within a page
            file.truncate(end);
            int size = WINDOW + 100; // in more than one step
            Window window = cache.alloc(file, end + size + 20, 50, AccessAdvice.NORMAL, WindowFlag.WRITE);
            Objects.requireNonNull(window).segment().fill((byte) 7);
            ReleasingSource source = new ReleasingSource(watchdog, window);
            cache.uiomove(file, Uio.writing(end, size, source), AccessAdvice.NORMAL, WindowFlag.WRITE);
            watchdog.join();
            byte[] expected = new byte[size + 70];
            Arrays.fill(expected, 0, size, (byte) 5);
            Arrays.fill(expected, size + 20, size + 70, (byte) 7);
            assertThat(fixture.read(file, end, size + 100)).isEqualTo(expected);
        }
    }

    /// A source that gives the bytes of one step, and then no more before another thread has released a window.
    final class ReleasingSource implements ReadableByteChannel {
        private final Watchdog watchdog;
        private final Window window;
        private int reads;

        ReleasingSource(Watchdog watchdog, Window window) {
            this.watchdog = watchdog;
            this.window = window;
        }

        @Override
        public int read(ByteBuffer to) throws IOException {
            int count = to.remaining();
            if (++reads == 2) {
                CountDownLatch released = new CountDownLatch(1);
                watchdog.start("releaser", () -> {
                    window.close();
                    released.countDown();
                });
                try {
                    if (!released.await(1, TimeUnit.MINUTES)) {
                        throw new IOException("the release waits for the source");
                    }
                } catch (InterruptedException e) {
                    throw new IOException(e);
                }
            }
            for (int i = 0; i < count; i++) {
                to.put((byte) 5);
            }
            return count;
        }

        @Override
        public boolean isOpen() {
            return true;
        }

        @Override
        public void close() {}
    }

    @Test
    default void forcedCloseEndsATransferWhoseSourceBlocks() throws Exception {
        try (WindowCacheFixture fixture = fixture()) {
            Path path = content();
            MappedFile file = fixture.open(path, FileTrust.OWNED, tier());
            SlowSource source = new SlowSource();
            AtomicReference<Throwable> failure = new AtomicReference<>();
            Thread writer = writer(fixture.cache, file, source, failure);
            source.asked.await();
            assertThat(file.closeForcibly()).isEqualTo(1);
            MappedFile other = fixture.open(content(), FileTrust.OWNED, tier()); // it may get the same descriptor
            source.released.countDown();
            writer.join();
            assertThat(failure.get()).isInstanceOf(IllegalStateException.class).hasMessageContaining("closed");
            assertThat(fixture.read(other, 0, 10)).isEqualTo(WindowCacheFixture.pattern(10, 1));
            assertThat(java.nio.file.Files.size(path)).isEqualTo(3L * WINDOW);
        }
    }

    private static Thread writer(
            WindowCache cache, MappedFile file, SlowSource source, AtomicReference<Throwable> failure) {
        return Thread.ofPlatform().start(() -> {
            try {
                cache.uiomove(file, Uio.writing(0, 100, source), AccessAdvice.NORMAL, WindowFlag.WRITE);
            } catch (Throwable e) {
                failure.set(e);
            }
        });
    }

    @Test
    default void windowOfAFileThatWasClosedByForceKeepsItsPlace() throws IOException {
        try (WindowCacheFixture fixture = fixture()) {
            byte[] bytes = WindowCacheFixture.pattern(10, 1);
            for (FileTrust trust : FileTrust.values()) {
                MappedFile file = fixture.open(content(), trust, tier());
                Window window = lend(fixture.cache, file, WindowFlag.READ);
                assertThat(file.closeForcibly()).isEqualTo(1);
                assertThat(file.closeForcibly()).isZero();
                file.close();
                // more parts of other files than slots
                for (int i = 0; i < 4; i++) {
                    MappedFile other = fixture.open(
                            WindowCacheFixture.foreign(folder(), new byte[9 * WINDOW]), FileTrust.IMMUTABLE, tier());
                    for (int part = 0; part < 9; part++) {
                        Window next = fixture.cache.alloc(
                                other, (long) part * WINDOW, 1, AccessAdvice.NORMAL, WindowFlag.READ);
                        Objects.requireNonNull(next).close();
                    }
                    other.close();
                }
                assertThat(window.segment().asSlice(0, 10).toArray(ValueLayout.JAVA_BYTE))
                        .isEqualTo(bytes);
                window.close();
                assertThatThrownBy(window::close).isInstanceOf(IllegalStateException.class);
            }
        }
    }

    @Test
    default void copyThatCannotBeWrittenAnyMoreSaysSo() throws IOException {
        try (WindowCacheFixture fixture = fixture()) {
            MappedFile file = fixture.open(content(), FileTrust.OWNED, tier());
            Window window = lend(fixture.cache, file, WindowFlag.WRITE);
            assertThat(file.closeForcibly()).isEqualTo(1);
            assertThatThrownBy(window::close).isInstanceOf(IOException.class).hasMessageContaining("closed by force");
            assertThatThrownBy(window::close).isInstanceOf(IllegalStateException.class);
        }
    }

    /// The bytes of a private copy would be lost, since its release is not repeated.
    @Test
    default void windowForWritingIsReleasedWithoutAFreePage() throws IOException {
        try (PageArena arena = arena();
                WindowCache cache = WindowCache.open(arena, WindowCacheFixture.options(4, 16))) {
            MappedFile file = cache.open(content(), MappedFileOptions.owned().withTier(tier()));
            long end = file.byteSize() + 10;
            Window window = cache.alloc(file, end, 10, AccessAdvice.NORMAL, WindowFlag.WRITE);
            Objects.requireNonNull(window).segment().fill((byte) 7);
            List<Long> pages = new ArrayList<>();
            assertThatThrownBy(() -> {
                        while (true) {
                            pages.add(arena.allocate());
                        }
                    })
                    .isInstanceOf(PageExhaustedException.class);
            window.close();
            assertThat(file.byteSize()).isEqualTo(end + 10);
            file.truncate(end + 15);
            pages.forEach(arena::free);
            byte[] read = new byte[25];
            assertThat(cache.read(file, end - 10, MemorySegment.ofArray(read))).isEqualTo(25);
            byte[] expected = new byte[25];
            Arrays.fill(expected, 10, 20, (byte) 7);
            assertThat(read).isEqualTo(expected);
        }
    }

    @Test
    default void addressesOfACacheThatWasClosedByForceHaveNoOtherOwner() throws IOException {
        List<Window> windows = new ArrayList<>();
        try (PageArena arena = arena()) {
            for (int round = 0; round < 3; round++) {
                WindowCache cache = WindowCache.open(arena, WindowCacheFixture.options(4, 16));
                MappedFile file = cache.open(content(), options(FileTrust.IMMUTABLE));
                for (Window before : windows) {
                    assertThat(OffHeap.getByte(before.address())).isIn((byte) 0, WindowCacheFixture.patternAt(0, 1));
                }
                Window window = lend(cache, file, WindowFlag.READ);
                assertThat(windows).noneMatch(before -> before.address() == window.address());
                windows.add(window);
                assertThat(cache.closeForcibly()).isEqualTo(1);
                assertThat(cache.closeForcibly()).isZero();
                cache.close();
                assertThatThrownBy(() -> cache.read(file, 0, MemorySegment.ofArray(new byte[1])))
                        .isInstanceOf(IllegalStateException.class);
            }
            for (Window window : windows) {
                window.close();
            }
        }
    }

    @Test
    default void windowsAndFilesOfAnotherCacheAreRefused() throws IOException {
        try (WindowCacheFixture fixture = fixture();
                WindowCacheFixture other = fixture()) {
            MappedFile file = fixture.open(content(), FileTrust.OWNED, tier());
            Window window = lend(fixture.cache, file, WindowFlag.READ);
            WindowCache cache = other.cache;
            MemorySegment bytes = MemorySegment.ofArray(new byte[10]);
            rejects(() -> cache.release(window, 0));
            rejects(() -> cache.read(file, 0, bytes));
            rejects(() -> cache.uiomove(file, Uio.reading(0, bytes), AccessAdvice.NORMAL, WindowFlag.READ));
            rejects(() -> cache.uiomove(file, Uio.writing(0, bytes), AccessAdvice.NORMAL, WindowFlag.WRITE));
            rejects(() -> cache.alloc(file, 0, 10, AccessAdvice.NORMAL, WindowFlag.READ));
            rejects(() -> cache.zerorange(file, 0, 1, 0));
            rejects(() -> cache.checksum(file, 0, 1));
            rejects(() -> cache.purge(file));
            window.close();
            assertThat(fixture.read(file, 0, 10)).isEqualTo(WindowCacheFixture.pattern(10, 1));
        }
    }

    private static void rejects(ThrowingCallable call) {
        assertThatThrownBy(call).isInstanceOf(IllegalArgumentException.class).hasMessageContaining("another cache");
    }

    @Test
    default void closedFileDoesNothing() throws IOException {
        try (WindowCacheFixture fixture = fixture()) {
            for (FileTrust trust : FileTrust.values()) {
                MappedFile file = fixture.open(content(), trust, tier());
                MemorySegment bytes = MemorySegment.ofArray(new byte[10]);
                MemorySegment none = MemorySegment.ofArray(new byte[0]);
                fixture.read(file, 0, 10);
                file.close();
                WindowCache cache = fixture.cache;
                isClosed(() -> cache.read(file, 0, bytes));
                isClosed(() -> cache.read(file, 0, none));
                isClosed(() -> cache.read(file, 1L << 40, bytes));
                isClosed(() -> cache.uiomove(file, Uio.reading(0, none), AccessAdvice.NORMAL, WindowFlag.READ));
                isClosed(() -> cache.uiomove(file, Uio.writing(0, none), AccessAdvice.NORMAL, WindowFlag.WRITE));
                isClosed(() -> cache.alloc(file, 0, 10, AccessAdvice.NORMAL, WindowFlag.READ));
                isClosed(() -> cache.alloc(file, 1L << 40, 10, AccessAdvice.NORMAL, WindowFlag.READ));
                isClosed(() -> cache.zerorange(file, 0, 0, 0));
                isClosed(() -> cache.checksum(file, 0, 0));
                isClosed(() -> cache.purge(file));
                isClosed(file::byteSize);
                isClosed(file::force);
                isClosed(() -> file.force(0, 0));
                isClosed(() -> file.truncate(3L * WINDOW));
                isClosed(file::openChannel);
            }
        }
    }

    private static void isClosed(ThrowingCallable call) {
        assertThatThrownBy(call).isInstanceOf(IllegalStateException.class).hasMessageContaining("closed");
    }

    @Test
    default void closedCacheMakesNoFile() throws IOException {
        Path path = folder().resolve("never made");
        WindowCacheFixture fixture = fixture();
        fixture.close();
        isClosed(() -> fixture.open(path, FileTrust.OWNED, tier()));
        assertThat(path).doesNotExist();
    }

    @Test
    default void missingFileIsTheOneThatTheJdkNames() {
        try (WindowCacheFixture fixture = fixture()) {
            Path missing = folder().resolve("missing");
            for (MappedFileOptions options : List.of(
                    MappedFileOptions.defaults(), new MappedFileOptions(FileTrust.OWNED, true, false, tier()))) {
                assertThatThrownBy(() -> fixture.cache.open(missing, options))
                        .isInstanceOf(java.nio.file.NoSuchFileException.class)
                        .hasMessageContaining(missing.toString());
            }
            assertThatThrownBy(() -> fixture.open(missing.resolve("file"), FileTrust.OWNED, tier()))
                    .isInstanceOf(java.nio.file.NoSuchFileException.class);
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    @Test
    default void readOnlyTargetIsNotWritten() throws IOException {
        try (WindowCacheFixture fixture = fixture();
                java.lang.foreign.Arena arena = java.lang.foreign.Arena.ofConfined()) {
            MemorySegment memory = arena.allocate(64);
            ByteBuffer direct = ByteBuffer.allocateDirect(64);
            ByteBuffer onHeap = ByteBuffer.allocate(64);
            for (FileTrust trust : FileTrust.values()) {
                MappedFile file = fixture.open(content(), trust, tier());
                for (int touch = 0; touch < 3; touch++) {
                    isReadOnly(() -> fixture.cache.read(file, 0, memory.asReadOnly()));
                    isReadOnly(() -> fixture.cache.read(file, 0, MemorySegment.ofBuffer(onHeap.asReadOnlyBuffer())));
                    for (ByteBuffer buffer : List.of(direct, onHeap)) {
                        isReadOnly(() -> fixture.cache.uiomove(
                                file, Uio.reading(0, buffer.asReadOnlyBuffer()), AccessAdvice.NORMAL, WindowFlag.READ));
                    }
                    fixture.read(file, 0, 100);
                }
            }
            assertThat(memory.toArray(ValueLayout.JAVA_BYTE)).containsOnly(0);
            assertThat(MemorySegment.ofBuffer(direct).toArray(ValueLayout.JAVA_BYTE))
                    .containsOnly(0);
            assertThat(onHeap.array()).containsOnly(0);
        }
    }

    private static void isReadOnly(ThrowingCallable call) {
        assertThatThrownBy(call).isInstanceOf(ReadOnlyBufferException.class);
    }

    @Test
    default void placesThatNoFileHasAreRefusedAtOnce() throws IOException {
        try (WindowCacheFixture fixture = fixture();
                MappedFile file = fixture.open(content(), FileTrust.OWNED, tier())) {
            WindowCache cache = fixture.cache;
            long last = Long.MAX_VALUE - 10;
            MemorySegment bytes = MemorySegment.ofArray(new byte[10]);
            isTooLarge(() -> cache.uiomove(file, Uio.writing(last, bytes), AccessAdvice.NORMAL, WindowFlag.WRITE));
            isTooLarge(() -> cache.uiomove(
                    file, Uio.writing(last, bytes), AccessAdvice.NORMAL, WindowFlag.WRITE | WindowFlag.FAULTBUSY));
            isTooLarge(() -> cache.zerorange(file, last, 10, 0));
            isTooLarge(() -> cache.zerorange(file, 0, Long.MAX_VALUE, WindowFlag.UNMAP));
            isTooLarge(() -> cache.alloc(file, last, 10, AccessAdvice.NORMAL, WindowFlag.WRITE));
            isTooLarge(() -> file.truncate(Long.MAX_VALUE));
            assertThat(fixture.read(file, last, 10)).isEmpty();
            assertThatThrownBy(() -> cache.alloc(file, last, 10, AccessAdvice.NORMAL, WindowFlag.READ))
                    .isInstanceOf(IOException.class);
            assertThatThrownBy(() -> cache.read(file, Long.MAX_VALUE, bytes))
                    .isInstanceOf(IllegalArgumentException.class);
            assertThatThrownBy(() -> cache.checksum(file, last, 10)).isInstanceOf(IOException.class);
            file.force(0, Long.MAX_VALUE);
            assertThat(file.byteSize()).isEqualTo(3L * WINDOW);
            assertThat(java.nio.file.Files.size(file.path())).isEqualTo(3L * WINDOW);
        }
    }

    private static void isTooLarge(ThrowingCallable call) {
        assertThatThrownBy(call).isInstanceOf(IOException.class).hasMessageContaining("too large");
    }

    @Test
    default void timeoutBeyondTheClockIsRejected() throws IOException {
        try (WindowCacheFixture fixture = fixture();
                MappedFile file = fixture.open(content(), FileTrust.IMMUTABLE, tier())) {
            Duration forever = ChronoUnit.FOREVER.getDuration();
            try (Window window = lend(fixture.cache, file, WindowFlag.READ)) {
                assertThatThrownBy(() -> file.close(forever))
                        .isInstanceOf(IllegalArgumentException.class)
                        .hasMessageContaining("timeout is too long");
                assertThatThrownBy(() ->
                                fixture.cache.tryAlloc(file, 0, 10, AccessAdvice.NORMAL, WindowFlag.READ, forever))
                        .isInstanceOf(IllegalArgumentException.class);
                assertThat(window.isWritable()).isFalse();
            }
            Window window =
                    fixture.cache.tryAlloc(file, 0, 10, AccessAdvice.NORMAL, WindowFlag.READ, Duration.ofSeconds(-5));
            Objects.requireNonNull(window).close();
        }
    }

    private static PageArena arena() {
        return PageArena.open(
                PageArenaOptions.builder().name("arena").byteSize(8 << 20).build());
    }

    private MappedFileOptions options(FileTrust trust) {
        return MappedFileOptions.defaults().withTrust(trust).withTier(tier());
    }

    private List<MappedFile> openFiles(WindowCacheFixture fixture, FileTrust trust) throws IOException {
        List<MappedFile> files = new ArrayList<>();
        for (int i = 0; i < 8; i++) {
            files.add(fixture.open(content(), trust, tier()));
        }
        return files;
    }

    private Path content() throws IOException {
        return WindowCacheFixture.foreign(folder(), WindowCacheFixture.pattern(3 * WINDOW, 1));
    }

    private static Window lend(WindowCache cache, MappedFile file, int flag) throws IOException {
        return Objects.requireNonNull(cache.alloc(file, 0, 100, AccessAdvice.NORMAL, flag));
    }
}
