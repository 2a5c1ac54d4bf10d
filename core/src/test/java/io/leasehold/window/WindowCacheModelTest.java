package io.leasehold.window;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.leasehold.memory.Seeds;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Objects;
import java.util.SplittableRandom;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// Random operations on an OWNED file and on an array with the same bytes: reads, writes, zeroed ranges, truncations,
/// growth, lent windows, purges and reopenings, mixed with reads and writes through a separate channel.
///
/// `-Dseed=` replays one seed; `-Dleasehold.soak=true` takes many more steps.
class WindowCacheModelTest {

    private static final int STEPS = Boolean.getBoolean("leasehold.soak") ? 300_000 : 700;
    private static final int WINDOW = WindowCacheFixture.WINDOW_BYTES;
    private static final int MAX_BYTES = 7 * WINDOW;

    @TempDir
    Path folder;

    @ParameterizedTest
    @EnumSource(WindowTier.class)
    void fileIsWhatTheArrayIs(WindowTier tier) throws IOException {
        SplittableRandom random = Seeds.random("WindowCacheModelTest");
        Path path = folder.resolve("file");
        try (WindowCacheFixture fixture = new WindowCacheFixture(WindowCacheFixture.options(3, 2));
                Arena arena = Arena.ofConfined()) {
            RandomWalk walk = new RandomWalk(fixture, path, tier, random, arena.allocate(MAX_BYTES));
            try (FileChannel others = WindowCacheFixture.channel(path)) {
                for (int step = 0; step < STEPS; step++) {
                    walk.step(others);
                    if (step % 16 == 0) {
                        fixture.cache.checkInvariants();
                        walk.compare();
                    }
                }
            }
        }
    }

    /// One file and its model.
    private static final class RandomWalk {
        private final WindowCacheFixture fixture;
        private final Path path;
        private final WindowTier tier;
        private final SplittableRandom random;
        private final MemorySegment memory;
        private MappedFile file;
        private byte[] model = new byte[0];

        RandomWalk(
                WindowCacheFixture fixture, Path path, WindowTier tier, SplittableRandom random, MemorySegment memory)
                throws IOException {
            this.fixture = fixture;
            this.path = path;
            this.tier = tier;
            this.random = random;
            this.memory = memory;
            this.file = fixture.open(path, FileTrust.OWNED, tier);
        }

        void step(FileChannel others) throws IOException {
            switch (random.nextInt(24)) {
                case 0, 1, 2, 3, 4, 5, 6 -> read();
                case 7, 8, 9, 10 -> write();
                case 11 -> writeFromFailingSource();
                case 12, 13 -> zerorange();
                case 14, 15 -> truncate();
                case 16, 17 -> writeAsOthers(others);
                case 18 -> readAsOthers(others);
                case 19, 20 -> lend();
                case 21 -> store();
                case 22 -> purge();
                default -> reopen();
            }
        }

        void compare() throws IOException {
            assertThat(file.byteSize()).isEqualTo(model.length);
            assertThat(fixture.read(file, 0, MAX_BYTES)).isEqualTo(model);
        }

        private void read() throws IOException {
            int from = random.nextInt(MAX_BYTES);
            int byteSize = random.nextInt(MAX_BYTES);
            byte[] expected = part(from, byteSize);
            MemorySegment to = target(byteSize);
            Uio uio = Uio.reading(from, to);
            AccessAdvice advice = AccessAdvice.values()[random.nextInt(3)];
            int flags = WindowFlag.READ | (random.nextInt(4) == 0 ? WindowFlag.UNMAP : 0);
            assertThat(fixture.cache.uiomove(file, uio, advice, flags)).isEqualTo(expected.length);
            assertThat(to.asSlice(0, expected.length).toArray(ValueLayout.JAVA_BYTE))
                    .isEqualTo(expected);
        }

        private void write() throws IOException {
            int from = random.nextInt(MAX_BYTES);
            byte[] content = content(random.nextInt(MAX_BYTES - from));
            MemorySegment source = target(content.length).copyFrom(MemorySegment.ofArray(content));
            int flags = WindowFlag.WRITE | (random.nextBoolean() ? WindowFlag.FAULTBUSY : 0);
            assertThat(fixture.cache.uiomove(file, Uio.writing(from, source), AccessAdvice.NORMAL, flags))
                    .isEqualTo(content.length);
            put(from, content);
        }

        private void writeFromFailingSource() throws IOException {
            int from = random.nextInt(MAX_BYTES);
            int byteSize = random.nextInt(MAX_BYTES - from);
            int given = random.nextInt(byteSize + 1);
            byte[] content = content(byteSize);
            Uio uio = Uio.writing(from, byteSize, new WindowWriteContract.Source(content, given));
            int flags = WindowFlag.WRITE | WindowFlag.PARTIALOK;
            if (given == 0 && byteSize > 0) {
                assertThatThrownBy(() -> fixture.cache.uiomove(file, uio, AccessAdvice.NORMAL, flags))
                        .isInstanceOf(IOException.class);
            } else {
                assertThat(fixture.cache.uiomove(file, uio, AccessAdvice.NORMAL, flags))
                        .isEqualTo(given);
            }
            put(from, Arrays.copyOf(content, given));
        }

        private void zerorange() throws IOException {
            int from = random.nextInt(MAX_BYTES);
            int byteSize = random.nextInt(MAX_BYTES - from);
            fixture.cache.zerorange(file, from, byteSize, random.nextBoolean() ? WindowFlag.UNMAP : 0);
            put(from, new byte[byteSize]);
        }

        private void truncate() throws IOException {
            int byteSize = random.nextInt(5) == 0 ? 0 : random.nextInt(MAX_BYTES);
            file.truncate(byteSize);
            model = Arrays.copyOf(model, byteSize);
        }

        private void writeAsOthers(FileChannel others) throws IOException {
            if (model.length > 0) {
                int from = random.nextInt(model.length);
                byte[] content = content(random.nextInt(model.length - from) + 1);
                others.write(ByteBuffer.wrap(content), from);
                put(from, content);
            }
        }

        private void readAsOthers(FileChannel others) throws IOException {
            ByteBuffer to = ByteBuffer.allocate(MAX_BYTES + 1);
            int count = Math.max(0, others.read(to, 0));
            assertThat(Arrays.copyOf(to.array(), count)).isEqualTo(model);
        }

        private void lend() throws IOException {
            if (model.length > 0) {
                int from = random.nextInt(model.length);
                try (Window window = alloc(from, random.nextInt(2 * WINDOW) + 1, WindowFlag.READ)) {
                    assertThat(window.segment().toArray(ValueLayout.JAVA_BYTE))
                            .isEqualTo(part(from, (int) window.byteSize()));
                }
            }
        }

        private void store() throws IOException {
            int from = random.nextInt(MAX_BYTES - WINDOW);
            int flags = WindowFlag.WRITE | (random.nextBoolean() ? WindowFlag.FAULTBUSY : 0);
            try (Window window = alloc(from, random.nextInt(WINDOW) + 1, flags)) {
                byte[] content = content((int) window.byteSize());
                window.segment().copyFrom(MemorySegment.ofArray(content));
                put(from, content);
            }
        }

        private void purge() throws IOException {
            if (model.length > 0) {
                assertThatThrownBy(() -> fixture.cache.purge(file)).isInstanceOf(IllegalStateException.class);
            } else {
                fixture.cache.purge(file);
            }
        }

        private void reopen() throws IOException {
            file.close();
            file = fixture.open(path, FileTrust.OWNED, tier);
        }

        private Window alloc(int from, int byteSize, int flags) throws IOException {
            return Objects.requireNonNull(fixture.cache.alloc(file, from, byteSize, AccessAdvice.RANDOM, flags));
        }

        private MemorySegment target(int byteSize) {
            return random.nextBoolean() ? memory.asSlice(0, byteSize) : MemorySegment.ofArray(new byte[byteSize]);
        }

        private byte[] content(int byteSize) {
            byte[] content = new byte[byteSize];
            random.nextBytes(content);
            return content;
        }

        private byte[] part(int from, int byteSize) {
            int start = Math.min(from, model.length);
            return Arrays.copyOfRange(model, start, Math.min(model.length, start + byteSize));
        }

        private void put(int from, byte[] content) {
            if (content.length > 0) {
                model = Arrays.copyOf(model, Math.max(model.length, from + content.length));
                System.arraycopy(content, 0, model, from, content.length);
            }
        }
    }
}
