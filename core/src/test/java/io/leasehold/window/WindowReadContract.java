package io.leasehold.window;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.WritableByteChannel;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// Reads on every tier, whatever other processes do to the file meanwhile.
interface WindowReadContract extends WindowTierFixture {

    @Test
    default void everyPlaceReadsAsItIs() throws IOException {
        byte[] content = WindowCacheFixture.pattern(9 * WINDOW + 77, 1);
        try (WindowCacheFixture fixture = fixture()) {
            MappedFile file = fixture.open(WindowCacheFixture.foreign(folder(), content), FileTrust.FOREIGN, tier());
            for (int byteSize :
                    new int[] {1, 7, 4096, WINDOW - 1, WINDOW, WINDOW + 1, 4 * WINDOW + 3, content.length}) {
                for (int from = 0; from < content.length; from += WINDOW / 3) {
                    byte[] expected = Arrays.copyOfRange(content, from, Math.min(content.length, from + byteSize));
                    assertThat(fixture.read(file, from, byteSize)).isEqualTo(expected);
                }
            }
            WindowTier mapped = tier() == WindowTier.AUTO ? WindowTier.DIRECT : tier();
            assertThat(file.tier()).isEqualTo(WindowCacheFixture.canMap() ? mapped : WindowTier.BYPASS);
        }
    }

    @Test
    default void windowThatIsLentForReadingHasTheBytesOfTheFile() throws IOException {
        byte[] content = WindowCacheFixture.pattern(100, 3);
        try (WindowCacheFixture fixture = fixture()) {
            MappedFile file = fixture.open(WindowCacheFixture.foreign(folder(), content), FileTrust.OWNED, tier());
            try (Window window = fixture.cache.lend(file, 10, 50)) {
                assertThat(window.isWritable()).isFalse();
                byte[] read = window.segment().toArray(ValueLayout.JAVA_BYTE);
                assertThat(read).isEqualTo(Arrays.copyOfRange(content, 10, 60));
            }
        }
    }

    @Test
    default void readEndsWhereTheFileDoes() throws IOException {
        try (WindowCacheFixture fixture = fixture()) {
            for (FileTrust trust : FileTrust.values()) {
                MappedFile file = fixture.open(
                        WindowCacheFixture.foreign(folder(), WindowCacheFixture.pattern(10, 1)), trust, tier());
                assertThat(fixture.read(file, 8, 10))
                        .isEqualTo(Arrays.copyOfRange(WindowCacheFixture.pattern(10, 1), 8, 10));
                assertThat(fixture.read(file, 10, 10)).isEmpty();
                assertThat(fixture.read(file, 1L << 60, 10)).isEmpty();
                assertThat(fixture.read(file, 0, 0)).isEmpty();
            }
        }
    }

    @Test
    default void everyKindOfTargetIsFilled() throws IOException {
        byte[] content = WindowCacheFixture.pattern(3 * WINDOW, 2);
        byte[] expected = Arrays.copyOfRange(content, 5, 5 + 2 * WINDOW);
        try (WindowCacheFixture fixture = fixture();
                Arena arena = Arena.ofConfined()) {
            MappedFile file = fixture.open(WindowCacheFixture.foreign(folder(), content), FileTrust.FOREIGN, tier());
            MemorySegment segment = arena.allocate(expected.length);
            assertThat(fixture.cache.read(file, 5, segment)).isEqualTo(expected.length);
            assertThat(segment.toArray(ValueLayout.JAVA_BYTE)).isEqualTo(expected);
            for (ByteBuffer buffer : new ByteBuffer[] {
                ByteBuffer.allocate(expected.length + 3), ByteBuffer.allocateDirect(expected.length + 3)
            }) {
                buffer.position(3);
                assertThat(move(fixture, file, Uio.reading(5, buffer))).isEqualTo(expected.length);
                assertThat(buffer.hasRemaining()).isFalse();
                byte[] read = new byte[expected.length];
                buffer.get(3, read);
                assertThat(read).isEqualTo(expected);
            }
            ByteArrayOutputStream out = new ByteArrayOutputStream();
            Uio uio = Uio.reading(5, expected.length, Channels.newChannel(out));
            assertThat(move(fixture, file, uio)).isEqualTo(expected.length);
            assertThat(out.toByteArray()).isEqualTo(expected);
            assertThat(uio.residual()).isZero();
        }
    }

    @Test
    default void channelThatTakesLessEndsTheTransferThere() throws IOException {
        try (WindowCacheFixture fixture = fixture()) {
            MappedFile file = fixture.open(
                    WindowCacheFixture.foreign(folder(), WindowCacheFixture.pattern(3 * WINDOW, 2)),
                    FileTrust.FOREIGN,
                    tier());
            Uio uio = Uio.reading(1, 2L * WINDOW, new Narrow(WINDOW + 9, false));
            assertThat(move(fixture, file, uio)).isEqualTo(WINDOW + 9);
            assertThat(uio.byteOffset()).isEqualTo(1 + WINDOW + 9);
        }
    }

    @Test
    default void channelThatFailsCountsWhatItTook() throws IOException {
        try (WindowCacheFixture fixture = fixture()) {
            MappedFile file = fixture.open(
                    WindowCacheFixture.foreign(folder(), WindowCacheFixture.pattern(3 * WINDOW, 2)),
                    FileTrust.FOREIGN,
                    tier());
            Uio uio = Uio.reading(1, 2L * WINDOW, new Narrow(100, true));
            assertThatThrownBy(() -> move(fixture, file, uio))
                    .isInstanceOf(IOException.class)
                    .hasMessage("narrow");
            assertThat(uio.moved()).isEqualTo(100);
            Uio partial = Uio.reading(1, 2L * WINDOW, new Narrow(100, true));
            int flags = WindowFlag.READ | WindowFlag.PARTIALOK;
            assertThat(fixture.cache.uiomove(file, partial, AccessAdvice.NORMAL, flags))
                    .isEqualTo(100);
        }
    }

    /// A channel that encodes may count the encoded bytes, and one that fails may have taken some.
    @Test
    default void channelThatMiscountsMovesWhatItTook() throws IOException {
        byte[] pattern = WindowCacheFixture.pattern(3 * WINDOW, 2);
        try (WindowCacheFixture fixture = fixture()) {
            MappedFile file = fixture.open(WindowCacheFixture.foreign(folder(), pattern), FileTrust.FOREIGN, tier());
            for (int counted : new int[] {0, 1, 1_000_000, -1}) {
                Miscounting sink = new Miscounting(7, counted, Integer.MAX_VALUE);
                Uio uio = Uio.reading(5, 2L * WINDOW, sink);
                assertThat(move(fixture, file, uio)).isEqualTo(2L * WINDOW);
                assertThat(uio.residual()).isZero();
                assertThat(sink.taken.toByteArray()).isEqualTo(Arrays.copyOfRange(pattern, 5, 5 + 2 * WINDOW));
            }
            Uio failing = Uio.reading(5, 2L * WINDOW, new Miscounting(7, 1, 100));
            assertThatThrownBy(() -> move(fixture, file, failing)).hasMessage("miscounting");
            assertThat(failing.moved()).isEqualTo(105);
        }
    }

    /// Takes a few bytes at a time and reports another count. Fails when it has taken `limit` bytes or more.
    final class Miscounting implements WritableByteChannel {

        private final ByteArrayOutputStream taken = new ByteArrayOutputStream();
        private final int few;
        private final int counted;
        private final int limit;

        private Miscounting(int few, int counted, int limit) {
            this.few = few;
            this.counted = counted;
            this.limit = limit;
        }

        @Override
        public int write(ByteBuffer source) throws IOException {
            for (int i = 0; i < few && source.hasRemaining(); i++) {
                taken.write(source.get());
            }
            if (taken.size() >= limit) {
                throw new IOException("miscounting");
            }
            return counted;
        }

        @Override
        public boolean isOpen() {
            return true;
        }

        @Override
        public void close() {}
    }

    /// Acceptance fact (6).
    @Test
    default void transferTakesAsManyWindowsAsItTouches() throws IOException {
        try (WindowCacheFixture fixture = fixture()) {
            MappedFile file = fixture.open(
                    WindowCacheFixture.foreign(folder(), WindowCacheFixture.pattern(12 * WINDOW, 3)),
                    FileTrust.FOREIGN,
                    tier());
            long slot = file.tier() == WindowTier.DIRECT ? 4L * WINDOW : WINDOW;
            for (int from = 0; from < 3 * WINDOW; from += WINDOW / 2 + 1) {
                for (int byteSize = 1; byteSize < 6 * WINDOW; byteSize += WINDOW - 7) {
                    WindowCacheStats before = fixture.cache.stats();
                    fixture.read(file, from, byteSize);
                    WindowCacheStats after = fixture.cache.stats();
                    long used = after.hits() - before.hits() + after.misses() - before.misses();
                    long expected = (from % slot + byteSize + slot - 1) / slot;
                    assertThat(used).isEqualTo(file.tier() == WindowTier.BYPASS ? 0 : expected);
                }
            }
        }
    }

    @Test
    default void changesByOthersAreSeen() throws IOException {
        Path path = WindowCacheFixture.foreign(folder(), WindowCacheFixture.pattern(2 * WINDOW, 1));
        try (WindowCacheFixture fixture = fixture()) {
            MappedFile file = fixture.open(path, FileTrust.FOREIGN, tier());
            assertThat(fixture.read(file, WINDOW, 3)).hasSize(3);
            WindowCacheFixture.writeAsOthers(path, WINDOW, (byte) 1, (byte) 2, (byte) 0);
            assertThat(fixture.read(file, WINDOW, 3)).containsExactly(1, 2, 0);
            WindowCacheFixture.writeAsOthers(path, 2L * WINDOW, (byte) 5);
            assertThat(fixture.read(file, 2L * WINDOW, 3)).containsExactly(5);
            assertThat(file.byteSize()).isEqualTo(2 * WINDOW + 1);
        }
    }

    @ParameterizedTest
    @EnumSource(
            value = FileTrust.class,
            names = {"FOREIGN", "IMMUTABLE"})
    default void truncatedFileIsAnErrorThatNamesIt(FileTrust trust) throws IOException {
        int[] newEnds = {0, 1, 4096, 4097, WINDOW, WINDOW + 5, 2 * WINDOW - 1};
        for (int newEnd : newEnds) {
            Path path = WindowCacheFixture.foreign(folder(), WindowCacheFixture.pattern(2 * WINDOW, 1));
            try (WindowCacheFixture fixture = fixture()) {
                MappedFile file = fixture.open(path, trust, tier());
                assertThat(fixture.read(file, 0, 2 * WINDOW)).hasSize(2 * WINDOW);
                WindowCacheFixture.truncateAsOthers(path, newEnd);
                IOException e = catchThrowableOfType(IOException.class, () -> fixture.read(file, 0, 2 * WINDOW));
                assertThat(e)
                        .hasMessageContainingAll(
                                path.toString(), "byteOffset=0, byteSize=" + 2 * WINDOW, "fileByteSize=" + newEnd);
                assertThat(fixture.read(file, 0, 2 * WINDOW)).isEqualTo(WindowCacheFixture.pattern(newEnd, 1));
                assertThat(fixture.cache.stats().truncations()).isEqualTo(1);
            }
        }
    }

    @Test
    default void truncationInsideAPageIsNotReadAsZeroes() throws IOException {
        Path path = WindowCacheFixture.foreign(folder(), WindowCacheFixture.pattern(WINDOW, 1));
        try (WindowCacheFixture fixture = fixture()) {
            MappedFile file = fixture.open(path, FileTrust.FOREIGN, tier());
            assertThat(fixture.read(file, 0, 100)).hasSize(100);
            WindowCacheFixture.truncateAsOthers(path, 50);
            assertThatThrownBy(() -> fixture.read(file, 40, 20))
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining("byteOffset=40, byteSize=20, fileByteSize=50");
        }
    }

    @Test
    default void partOfATruncatedFileIsCertain() throws IOException {
        Path path = WindowCacheFixture.foreign(folder(), WindowCacheFixture.pattern(3 * WINDOW, 1));
        try (WindowCacheFixture fixture = fixture()) {
            MappedFile file = fixture.open(path, FileTrust.FOREIGN, tier());
            assertThat(fixture.read(file, 0, 3 * WINDOW)).hasSize(3 * WINDOW);
            WindowCacheFixture.truncateAsOthers(path, WINDOW + 9);
            byte[] to = new byte[3 * WINDOW];
            Uio uio = Uio.reading(2, MemorySegment.ofArray(to));
            int flags = WindowFlag.READ | WindowFlag.PARTIALOK;
            assertThat(fixture.cache.uiomove(file, uio, AccessAdvice.NORMAL, flags))
                    .isEqualTo(WINDOW + 7);
            byte[] expected = Arrays.copyOfRange(WindowCacheFixture.pattern(WINDOW + 9, 1), 2, WINDOW + 9);
            assertThat(Arrays.copyOf(to, WINDOW + 7)).isEqualTo(expected);
        }
    }

    @Test
    default void zeroesOfTheFileItselfAreRead() throws IOException {
        Path path = WindowCacheFixture.foreign(folder(), new byte[2 * WINDOW]);
        try (WindowCacheFixture fixture = fixture()) {
            MappedFile file = fixture.open(path, FileTrust.FOREIGN, tier());
            for (int i = 0; i < 3; i++) {
                assertThat(fixture.read(file, 3, WINDOW)).isEqualTo(new byte[WINDOW]);
            }
            assertThat(fixture.cache.stats().truncations()).isZero();
        }
    }

    @ParameterizedTest
    @EnumSource(AccessAdvice.class)
    default void adviceDoesNotChangeWhatIsRead(AccessAdvice advice) throws IOException {
        byte[] content = WindowCacheFixture.pattern(3 * WINDOW, 4);
        try (WindowCacheFixture fixture = fixture()) {
            MappedFile file = fixture.open(WindowCacheFixture.foreign(folder(), content), FileTrust.IMMUTABLE, tier());
            for (int i = 0; i < 3; i++) {
                byte[] to = new byte[content.length];
                Uio uio = Uio.reading(0, MemorySegment.ofArray(to));
                assertThat(fixture.cache.uiomove(file, uio, advice, WindowFlag.READ | WindowFlag.UNMAP))
                        .isEqualTo(content.length);
                assertThat(to).isEqualTo(content);
            }
        }
    }

    @Test
    default void checksumIsThatOfTheBytes() throws IOException {
        byte[] content = WindowCacheFixture.pattern(9 * WINDOW, 5);
        Path path = WindowCacheFixture.foreign(folder(), content);
        try (WindowCacheFixture fixture = fixture()) {
            MappedFile file = fixture.open(path, FileTrust.FOREIGN, tier());
            CRC32C expected = new CRC32C();
            expected.update(content, 3, content.length - 3);
            assertThat(fixture.cache.checksum(file, 3, content.length - 3)).isEqualTo(expected.getValue());
            assertThatThrownBy(() -> fixture.cache.checksum(file, 3, content.length))
                    .isInstanceOf(EOFException.class)
                    .hasMessageContaining("end=" + content.length);
            WindowCacheFixture.truncateAsOthers(path, WINDOW);
            assertThatThrownBy(() -> fixture.cache.checksum(file, 0, content.length))
                    .isInstanceOf(IOException.class);
        }
    }

    @Test
    default void closedFileIsRefused() throws IOException {
        try (WindowCacheFixture fixture = fixture()) {
            MappedFile file =
                    fixture.open(WindowCacheFixture.foreign(folder(), new byte[9]), FileTrust.IMMUTABLE, tier());
            assertThat(fixture.read(file, 0, 9)).hasSize(9);
            file.close();
            file.close();
            assertThatThrownBy(() -> fixture.read(file, 0, 9))
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("file is closed: file=" + file.path());
        }
    }

    @Test
    default void missingFileIsNamed() throws IOException {
        Path missing = folder().resolve("missing");
        try (WindowCacheFixture fixture = fixture()) {
            assertThatThrownBy(() -> fixture.open(missing, FileTrust.FOREIGN, tier()))
                    .isInstanceOf(IOException.class)
                    .hasMessageContainingAll(missing.toString(), "ENOENT");
        }
    }

    private static long move(WindowCacheFixture fixture, MappedFile file, Uio uio) throws IOException {
        return fixture.cache.uiomove(file, uio, AccessAdvice.NORMAL, WindowFlag.READ);
    }

    /// A channel that accepts a number of bytes, and then accepts no more or fails.
    final class Narrow implements WritableByteChannel {
        private int left;
        private final boolean fails;

        Narrow(int left, boolean fails) {
            this.left = left;
            this.fails = fails;
        }

        @Override
        public int write(ByteBuffer from) throws IOException {
            int count = Math.min(left, from.remaining());
            if (count == 0 && fails) {
                throw new IOException("narrow");
            }
            left -= count;
            from.position(from.position() + count);
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
