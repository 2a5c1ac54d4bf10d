package io.leasehold.window;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.leasehold.error.Errno;
import io.leasehold.os.FaultyFiles.Call;
import java.io.IOException;
import java.io.InputStream;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.IllegalBlockingModeException;
import java.nio.channels.Pipe;
import java.nio.channels.ReadableByteChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

/// Writes to an OWNED file, on every tier.
interface WindowWriteContract extends WindowTierFixture {

    @Test
    default void whatIsWrittenIsReadHereAndByOthers() throws IOException {
        Path path = folder().resolve("new");
        byte[] content = WindowCacheFixture.pattern(5 * WINDOW + 11, 1);
        try (WindowCacheFixture fixture = fixture()) {
            MappedFile file = fixture.open(path, FileTrust.OWNED, tier());
            fixture.write(file, 0, content);
            assertThat(fixture.read(file, 0, content.length + 1)).isEqualTo(content);
            assertThat(fixture.read(file, 0, content.length + 1)).isEqualTo(content);
            assertThat(Files.readAllBytes(path)).isEqualTo(content);
            fixture.cache.write(file, WINDOW - 1, MemorySegment.ofArray(new byte[] {7, 8}));
            content[WINDOW - 1] = 7;
            content[WINDOW] = 8;
            assertThat(fixture.read(file, 0, content.length)).isEqualTo(content);
            assertThat(Files.readAllBytes(path)).isEqualTo(content);
            file.force();
            assertThat(fixture.files.count(Call.SYNC_RANGE)).isEqualTo(1);
        }
    }

    @Test
    default void everyKindOfSourceIsWritten() throws IOException {
        byte[] content = WindowCacheFixture.pattern(2 * WINDOW + 3, 2);
        try (WindowCacheFixture fixture = fixture();
                Arena arena = Arena.ofConfined()) {
            MappedFile file = fixture.open(folder().resolve("new"), FileTrust.OWNED, tier());
            MemorySegment segment = arena.allocate(content.length).copyFrom(MemorySegment.ofArray(content));
            ByteBuffer buffer = ByteBuffer.wrap(content);
            Uio[] sources = {
                Uio.writing(9, segment),
                Uio.writing(9, segment.asByteBuffer()),
                Uio.writing(9, buffer),
                Uio.writing(9, content.length, new Source(content, content.length))
            };
            for (Uio uio : sources) {
                file.truncate(0);
                assertThat(write(fixture, file, uio, 0)).isEqualTo(content.length);
                assertThat(fixture.read(file, 0, 9)).isEqualTo(new byte[9]);
                assertThat(fixture.read(file, 9, content.length + 1)).isEqualTo(content);
            }
            assertThat(buffer.hasRemaining()).isFalse();
        }
    }

    @Test
    default void zerorangeZeroesAndGrows() throws IOException {
        byte[] content = WindowCacheFixture.pattern(2 * WINDOW, 2);
        try (WindowCacheFixture fixture = fixture()) {
            MappedFile file = fixture.open(folder().resolve("new"), FileTrust.OWNED, tier());
            fixture.write(file, 0, content);
            fixture.cache.zerorange(file, 5, WINDOW, WindowFlag.UNMAP);
            Arrays.fill(content, 5, WINDOW + 5, (byte) 0);
            assertThat(fixture.read(file, 0, content.length)).isEqualTo(content);
            fixture.cache.zerorange(file, content.length - 1, 100, 0);
            content = Arrays.copyOf(content, content.length + 99);
            content[content.length - 100] = 0;
            assertThat(fixture.read(file, 0, content.length + 9)).isEqualTo(content);
            fixture.cache.zerorange(file, 0, 0, 0);
        }
    }

    /// Without reserved disk space, zeroes up to a far end would fill the disk before the system refuses the end.
    @Test
    default void zerorangeFarBehindTheEndExtendsTheFile() throws IOException {
        byte[] content = WindowCacheFixture.pattern(WINDOW + 5, 2);
        try (WindowCacheFixture fixture = fixture()) {
            MappedFile file = fixture.open(folder().resolve("new"), FileTrust.OWNED, tier());
            fixture.write(file, 0, content);
            fixture.files.failFrom(Call.ALLOCATE, 1, Errno.EOPNOTSUPP);
            long writes = fixture.files.count(Call.WRITE);
            long end = 65L << 20;
            fixture.cache.zerorange(file, WINDOW, end - WINDOW, 0);
            assertThat(fixture.files.count(Call.WRITE) - writes).isLessThan(5);
            assertThat(file.byteSize()).isEqualTo(end);
            assertThat(Files.size(file.path())).isEqualTo(end);
            Arrays.fill(content, WINDOW, content.length, (byte) 0);
            assertThat(fixture.read(file, 0, 3 * WINDOW)).isEqualTo(Arrays.copyOf(content, 3 * WINDOW));
            assertThat(fixture.read(file, end - WINDOW, 2 * WINDOW)).isEqualTo(new byte[WINDOW]);
            file.force();
            assertThatThrownBy(() -> fixture.cache.zerorange(file, 0, 1L << 62, 0))
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining("EFBIG");
            assertThat(file.byteSize()).isEqualTo(end);
            assertThat(Files.size(file.path())).isEqualTo(end);
            assertThat(fixture.read(file, 0, 5)).isEqualTo(Arrays.copyOf(content, 5));
        }
    }

    /// The rest of a failed write with FAULTBUSY is zeroed, which must not fill the disk either.
    @Test
    default void failedWriteExtendsTheFileToAFarEnd() throws IOException {
        try (WindowCacheFixture fixture = fixture()) {
            MappedFile file = fixture.open(folder().resolve("new"), FileTrust.OWNED, tier());
            fixture.files.failFrom(Call.ALLOCATE, 1, Errno.EOPNOTSUPP);
            long end = 65L << 20;
            Uio uio = Uio.writing(0, end, Channels.newChannel(InputStream.nullInputStream()));
            assertThatThrownBy(() -> fixture.cache.uiomove(
                            file, uio, AccessAdvice.NORMAL, WindowFlag.WRITE | WindowFlag.FAULTBUSY))
                    .isInstanceOf(IOException.class);
            assertThat(fixture.files.count(Call.WRITE)).isLessThan(5);
            assertThat(file.byteSize()).isEqualTo(end);
            assertThat(fixture.read(file, end - WINDOW, 2 * WINDOW)).isEqualTo(new byte[WINDOW]);
        }
    }

    @Test
    default void nothingIsWrittenByEmptyTransfers() throws IOException {
        try (WindowCacheFixture fixture = fixture()) {
            MappedFile file = fixture.open(folder().resolve("new"), FileTrust.OWNED, tier());
            fixture.write(file, WINDOW + 3);
            fixture.cache.zerorange(file, WINDOW + 3, 0, 0);
            assertThat(file.byteSize()).isZero();
        }
    }

    @Test
    default void truncateShortensAndExtends() throws IOException {
        try (WindowCacheFixture fixture = fixture()) {
            MappedFile file = fixture.open(folder().resolve("new"), FileTrust.OWNED, tier());
            fixture.write(file, 0, WindowCacheFixture.pattern(2 * WINDOW, 1));
            assertThat(fixture.read(file, 0, 2 * WINDOW)).hasSize(2 * WINDOW);
            file.truncate(WINDOW + 5);
            assertThat(fixture.read(file, 0, 2 * WINDOW)).isEqualTo(WindowCacheFixture.pattern(WINDOW + 5, 1));
            file.truncate(2L * WINDOW);
            assertThat(fixture.read(file, 0, 3 * WINDOW))
                    .isEqualTo(Arrays.copyOf(WindowCacheFixture.pattern(WINDOW + 5, 1), 2 * WINDOW));
            assertThat(file.byteSize()).isEqualTo(2L * WINDOW);
        }
    }

    @Test
    default void growthIsSeenWhenItIsAllThere() throws IOException {
        try (WindowCacheFixture fixture = fixture()) {
            MappedFile file = fixture.open(folder().resolve("new"), FileTrust.OWNED, tier());
            fixture.write(file, 0, (byte) 1);
            ReadableByteChannel source = new Source(WindowCacheFixture.pattern(3 * WINDOW, 1), 3 * WINDOW) {
                @Override
                public int read(ByteBuffer to) throws IOException {
                    assertThat(fixture.read(file, 0, 9)).containsExactly(1);
                    assertThat(file.byteSize()).isEqualTo(1);
                    return super.read(to);
                }
            };
            write(fixture, file, Uio.writing(1, 3L * WINDOW, source), 0);
            assertThat(file.byteSize()).isEqualTo(3 * WINDOW + 1);
        }
    }

    /// Acceptance fact (7), PARTIALOK.
    @Test
    default void failingSourceIsCountedToTheByteAndTheTailIsLeftAlone() throws IOException {
        byte[] old = WindowCacheFixture.pattern(4 * WINDOW, 1);
        byte[] content = WindowCacheFixture.pattern(4 * WINDOW, 2);
        for (int bytes : new int[] {1, WINDOW - 1, WINDOW, 2 * WINDOW + 5}) {
            try (WindowCacheFixture fixture = fixture()) {
                MappedFile file = fixture.open(folder().resolve("new" + bytes), FileTrust.OWNED, tier());
                fixture.write(file, 0, old);
                Uio uio = Uio.writing(3, 3L * WINDOW, new Source(content, bytes));
                assertThat(write(fixture, file, uio, WindowFlag.PARTIALOK)).isEqualTo(bytes);
                assertThat(uio.moved()).isEqualTo(bytes);
                byte[] expected = old.clone();
                System.arraycopy(content, 0, expected, 3, bytes);
                assertThat(fixture.read(file, 0, expected.length)).isEqualTo(expected);
                assertThat(file.byteSize()).isEqualTo(old.length);
            }
        }
    }

    /// Acceptance fact (7), FAULTBUSY with and without PARTIALOK.
    @Test
    default void failingSourceOfAnOverwriteLeavesZeroes() throws IOException {
        byte[] old = WindowCacheFixture.pattern(4 * WINDOW, 1);
        byte[] content = WindowCacheFixture.pattern(4 * WINDOW, 2);
        for (int more : new int[] {0, WindowFlag.PARTIALOK}) {
            try (WindowCacheFixture fixture = fixture()) {
                MappedFile file = fixture.open(folder().resolve("new" + more), FileTrust.OWNED, tier());
                fixture.write(file, 0, old);
                Uio uio = Uio.writing(0, 3L * WINDOW, new Source(content, WINDOW + 100));
                if (more == 0) {
                    assertThatThrownBy(() -> write(fixture, file, uio, WindowFlag.FAULTBUSY))
                            .isInstanceOf(IOException.class)
                            .hasMessageContaining("source ended");
                } else {
                    assertThat(write(fixture, file, uio, WindowFlag.FAULTBUSY | more))
                            .isEqualTo(WINDOW + 100);
                }
                assertThat(uio.moved()).isEqualTo(WINDOW + 100);
                byte[] expected = old.clone();
                System.arraycopy(content, 0, expected, 0, WINDOW);
                Arrays.fill(expected, WINDOW, more == 0 ? 3 * WINDOW : 2 * WINDOW, (byte) 0);
                assertThat(fixture.read(file, 0, expected.length)).isEqualTo(expected);
                assertThat(fixture.cache.stats().faultbusy()).isEqualTo(2);
            }
        }
    }

    @Test
    default void failingSourceOfGrowthLeavesWhatCame() throws IOException {
        byte[] content = WindowCacheFixture.pattern(4 * WINDOW, 2);
        try (WindowCacheFixture fixture = fixture()) {
            MappedFile file = fixture.open(folder().resolve("new"), FileTrust.OWNED, tier());
            assertThatThrownBy(() ->
                            write(fixture, file, Uio.writing(0, 3L * WINDOW, new Source(content, WINDOW + 1)), 0))
                    .isInstanceOf(IOException.class);
            assertThat(fixture.read(file, 0, 4 * WINDOW)).isEqualTo(Arrays.copyOf(content, WINDOW + 1));
        }
    }

    /// The source fails once and would then continue. The failure must not be lost, and no byte that came before it.
    @Test
    default void failureOfASourceThatContinuesIsThrownAfterItsBytesAreWritten() throws IOException {
        byte[] content = WindowCacheFixture.pattern(3 * WINDOW, 2);
        int given = WINDOW + 1009;
        for (Exception failure : List.of(new IOException("by a test"), new IllegalArgumentException("by a test"))) {
            try (WindowCacheFixture fixture = fixture()) {
                MappedFile file =
                        fixture.open(folder().resolve(failure.getClass().getName()), FileTrust.OWNED, tier());
                ReadableByteChannel source = new FailingOnce(content, given, failure);
                Uio uio = Uio.writing(0, content.length, source);
                assertThatThrownBy(() -> write(fixture, file, uio, 0)).isSameAs(failure);
                long moved = uio.moved();
                assertThat(moved).isBetween((long) given, given + 1009L);
                assertThat(fixture.read(file, 0, content.length)).isEqualTo(Arrays.copyOf(content, (int) moved));
                assertThat(write(fixture, file, uio, 0)).isEqualTo(content.length - moved);
                assertThat(fixture.read(file, 0, content.length + 1)).isEqualTo(content);
            }
        }
    }

    /// A source in non-blocking mode would be read in a loop that no interrupt ends, while other writers wait.
    @Test
    default void sourceInNonBlockingModeIsRejected() throws IOException {
        Pipe pipe = Pipe.open();
        try (WindowCacheFixture fixture = fixture();
                Pipe.SourceChannel source = pipe.source();
                Pipe.SinkChannel sink = pipe.sink()) {
            MappedFile file = fixture.open(folder().resolve("new"), FileTrust.OWNED, tier());
            fixture.write(file, 0, (byte) 1, (byte) 2, (byte) 3);
            Uio uio = Uio.writing(0, 3, source);
            source.configureBlocking(false);
            assertThatThrownBy(() -> Uio.writing(0, 3, source)).isInstanceOf(IllegalBlockingModeException.class);
            assertThatThrownBy(() -> write(fixture, file, uio, 0)).isInstanceOf(IllegalBlockingModeException.class);
            assertThat(uio.moved()).isZero();
            assertThat(fixture.read(file, 0, 9)).containsExactly(1, 2, 3);
            source.configureBlocking(true);
            sink.write(ByteBuffer.wrap(new byte[] {7, 8, 9}));
            assertThat(write(fixture, file, uio, 0)).isEqualTo(3);
            assertThat(fixture.read(file, 0, 9)).containsExactly(7, 8, 9);
        }
    }

    /// A thread changes the mode of the source during the transfer.
    @Test
    default void sourceThatBecomesNonBlockingIsRejectedAfterItsBytesAreWritten() throws IOException {
        Pipe pipe = Pipe.open();
        try (Pipe.SourceChannel source = pipe.source();
                Pipe.SinkChannel sink = pipe.sink()) {
            sink.write(ByteBuffer.wrap(new byte[] {7, 8}));
            MemorySegment staging = MemorySegment.ofBuffer(ByteBuffer.allocateDirect(3));
            Uio uio = Uio.writing(0, 3, source);
            source.configureBlocking(false);
            assertThat(uio.fill(staging)).isEqualTo(2);
            assertThatThrownBy(() -> uio.fill(staging)).isInstanceOf(IllegalBlockingModeException.class);
            assertThatThrownBy(() -> uio.fill(staging)).isInstanceOf(IllegalBlockingModeException.class);
        }
    }

    @Test
    default void sourceThatGivesNoBytesFailsAndWhatItGaveIsWritten() throws IOException {
        try (WindowCacheFixture fixture = fixture()) {
            MappedFile file = fixture.open(folder().resolve("new"), FileTrust.OWNED, tier());
            Uio uio = Uio.writing(0, 3, new ReadableByteChannel() {
                private int given;

                @Override
                public int read(ByteBuffer to) {
                    if (given == 2) {
                        return 0;
                    }
                    to.put((byte) (given++ + 7));
                    return 1;
                }

                @Override
                public boolean isOpen() {
                    return true;
                }

                @Override
                public void close() {}
            });
            assertThatThrownBy(() -> write(fixture, file, uio, 0))
                    .isInstanceOf(IOException.class)
                    .hasMessageContainingAll("source gives no bytes", "read=2", "reads=10000");
            assertThat(fixture.read(file, 0, 9)).containsExactly(7, 8);
        }
    }

    @Test
    default void fullDiskIsReportedBeforeMuchIsWritten() throws IOException {
        Path path = folder().resolve("new");
        byte[] much = new byte[StagingRuns.BYTES + 2];
        try (WindowCacheFixture fixture = fixture()) {
            MappedFile file = fixture.open(path, FileTrust.OWNED, tier());
            fixture.write(file, 0, (byte) 1, (byte) 2);
            fixture.files.failOnce(Call.ALLOCATE, 1, Errno.ENOSPC);
            assertThatThrownBy(() -> fixture.write(file, 1, much))
                    .isInstanceOf(IOException.class)
                    .hasMessageContainingAll(path.toString(), "byteOffset=1, byteSize=" + much.length, "ENOSPC");
            assertThat(Files.readAllBytes(path)).containsExactly(1, 2);
        }
    }

    @Test
    default void fullDiskThatRefusesAWriteLeavesTheFileAsItWas() throws IOException {
        Path path = folder().resolve("new");
        try (WindowCacheFixture fixture = fixture()) {
            MappedFile file = fixture.open(path, FileTrust.OWNED, tier());
            fixture.write(file, 0, (byte) 1, (byte) 2);
            fixture.files.failOnce(Call.WRITE, 1, Errno.ENOSPC);
            assertThatThrownBy(() -> fixture.write(file, 1, new byte[WINDOW]))
                    .isInstanceOf(IOException.class)
                    .hasMessageContainingAll(path.toString(), "byteOffset=1", "ENOSPC");
            assertThat(Files.readAllBytes(path)).containsExactly(1, 2);
            assertThat(file.byteSize()).isEqualTo(2);
        }
    }

    @Test
    default void onlyOwnFilesAreWritten() throws IOException {
        Path path = WindowCacheFixture.foreign(folder(), new byte[] {1});
        try (WindowCacheFixture fixture = fixture()) {
            for (FileTrust trust : new FileTrust[] {FileTrust.FOREIGN, FileTrust.IMMUTABLE}) {
                MappedFile file = fixture.open(path, trust, tier());
                assertThatThrownBy(() -> fixture.write(file, 0, (byte) 2)).isInstanceOf(IllegalStateException.class);
                assertThatThrownBy(() -> file.truncate(0)).isInstanceOf(IllegalStateException.class);
                assertThatThrownBy(() -> fixture.cache.zerorange(file, 0, 1, 0))
                        .isInstanceOf(IllegalStateException.class)
                        .hasMessageContainingAll(path.toString(), "trust=" + trust);
            }
            assertThat(Files.readAllBytes(path)).containsExactly(1);
        }
    }

    @Test
    default void flagsMustFitTheTransfer() throws IOException {
        try (WindowCacheFixture fixture = fixture()) {
            MappedFile file = fixture.open(folder().resolve("new"), FileTrust.OWNED, tier());
            MemorySegment bytes = MemorySegment.ofArray(new byte[1]);
            int[] bad = {0, WindowFlag.READ | WindowFlag.WRITE, WindowFlag.READ | WindowFlag.FAULTBUSY, 0x1001};
            for (int flags : bad) {
                assertThatThrownBy(() -> fixture.cache.uiomove(file, Uio.reading(0, bytes), AccessAdvice.NORMAL, flags))
                        .isInstanceOf(IllegalArgumentException.class)
                        .hasMessageContaining("0x" + Integer.toHexString(flags));
            }
            assertThatThrownBy(() ->
                            fixture.cache.uiomove(file, Uio.reading(0, bytes), AccessAdvice.NORMAL, WindowFlag.WRITE))
                    .isInstanceOf(IllegalArgumentException.class);
        }
    }

    /// Acceptance fact (9), the pages.
    @Test
    default void purgeOfAFileWithBytesFails() throws IOException {
        try (WindowCacheFixture fixture = fixture()) {
            MappedFile file = fixture.open(folder().resolve("new"), FileTrust.OWNED, tier());
            fixture.write(file, 0, WindowCacheFixture.pattern(WINDOW, 1));
            fixture.read(file, 0, WINDOW);
            fixture.read(file, 0, WINDOW);
            assertThatThrownBy(() -> fixture.cache.purge(file))
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContainingAll("cannot purge", "byteSize=" + WINDOW);
            file.truncate(0);
            fixture.cache.purge(file);
            boolean wasMapped = fixture.cache.stats().admits() > 0;
            assertThat(fixture.cache.stats().placeholders()).isEqualTo(wasMapped ? 1 : 0);
            fixture.write(file, 0, (byte) 4);
            assertThat(fixture.read(file, 0, 9)).containsExactly(4);
        }
    }

    private static long write(WindowCacheFixture fixture, MappedFile file, Uio uio, int flags) throws IOException {
        return fixture.cache.uiomove(file, uio, AccessAdvice.NORMAL, WindowFlag.WRITE | flags);
    }

    /// A channel that fails once, after it gave at least a number of bytes.
    class FailingOnce extends Source {

        private final int failsFrom;
        private final Exception failure;
        private int given;
        private boolean hasFailed;

        FailingOnce(byte[] content, int failsFrom, Exception failure) {
            super(content, content.length);
            this.failsFrom = failsFrom;
            this.failure = failure;
        }

        @Override
        public int read(ByteBuffer to) throws IOException {
            if (given >= failsFrom && !hasFailed) {
                hasFailed = true;
                if (failure instanceof RuntimeException e) {
                    throw e;
                }
                throw (IOException) failure;
            }
            int count = super.read(to);
            given += count;
            return count;
        }
    }

    /// A channel that gives a number of bytes, a few at a time, and ends.
    class Source implements ReadableByteChannel {
        private final ByteBuffer left;

        Source(byte[] content, int byteSize) {
            this.left = ByteBuffer.wrap(content, 0, byteSize);
        }

        @Override
        public int read(ByteBuffer to) throws IOException {
            if (!left.hasRemaining()) {
                return -1;
            }
            int count = Math.min(Math.min(left.remaining(), to.remaining()), 1009);
            to.put(left.slice(left.position(), count));
            left.position(left.position() + count);
            return count;
        }

        @Override
        public boolean isOpen() {
            return true;
        }

        @Override
        public void close() {}
    }
}
