package io.leasehold.window;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.leasehold.memory.Seeds;
import io.leasehold.page.Watchdog;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Objects;
import java.util.SplittableRandom;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// An OWNED file and a [SharedFileModel] of it, changed by several threads at once. Three threads write through the
/// cache, one through a separate channel, one truncates and extends the end, and all read everything. Now and then one
/// thread has the file alone, and empties, purges and reopens it.
///
/// `-Dseed=` gives each thread the operations of another run; `-Dleasehold.soak=true` takes a million steps.
class WindowCacheSharedModelTest {

    /// Number of steps of each thread.
    private static final int STEPS = Boolean.getBoolean("leasehold.soak") ? 50_000 : 150;

    /// Number of stripes, each changed by a thread of its own.
    private static final int STRIPES = 5;

    private static final int CHANNEL_STRIPE = 1;

    @TempDir
    Path folder;

    @ParameterizedTest
    @EnumSource(WindowTier.class)
    void fileIsWhatTheModelIs(WindowTier tier) throws Exception {
        SplittableRandom random = Seeds.random("WindowCacheSharedModelTest");
        Watchdog watchdog = new Watchdog();
        Path path = folder.resolve("file");
        try (WindowCacheFixture fixture = new WindowCacheFixture(WindowCacheFixture.options(3, 4))) {
            Life life = new Life(fixture, path, tier);
            life.empty(random);
            for (int stripe = 0; stripe < STRIPES; stripe++) {
                int own = stripe;
                SplittableRandom ownRandom = random.split();
                watchdog.start("stripe " + stripe, () -> {
                    try (FileChannel others = WindowCacheFixture.channel(path);
                            Arena arena = Arena.ofConfined()) {
                        MemorySegment memory = arena.allocate(life.model.maxByteSize());
                        RandomWalk walk = new RandomWalk(life, own, others, memory, ownRandom);
                        for (int step = 0; step < STEPS && !watchdog.hasFailed(); step++) {
                            walk.step();
                        }
                    }
                });
            }
            watchdog.join();
            byte[] all = fixture.read(life.file, 0, life.model.maxByteSize());
            life.model.check("end", 0, all.length + 1, MemorySegment.ofArray(all), all.length, life.model.stamps());
            fixture.cache.checkInvariants();
        }
    }

    /// The file, its model, and the lock to have it alone.
    private static final class Life {
        private final WindowCacheFixture fixture;
        private final Path path;
        private final WindowTier tier;
        private final SharedFileModel model = new SharedFileModel(STRIPES);
        private final ReentrantReadWriteLock world = new ReentrantReadWriteLock();
        private volatile MappedFile file;

        Life(WindowCacheFixture fixture, Path path, WindowTier tier) throws IOException {
            this.fixture = fixture;
            this.path = path;
            this.tier = tier;
            this.file = fixture.open(path, FileTrust.OWNED, tier);
        }

        /// Starts again with an empty file, without other threads.
        void empty(SplittableRandom random) throws IOException {
            fixture.cache.checkInvariants();
            assertThat(file.byteSize()).isGreaterThanOrEqualTo(0);
            file.truncate(0);
            fixture.cache.purge(file);
            if (random.nextBoolean()) {
                file.close();
                file = fixture.open(path, FileTrust.OWNED, tier);
            }
            byte[] content = new byte[model.lastStart()];
            random.nextBytes(content);
            fixture.write(file, 0, content);
            model.truncate(content.length);
            model.put(0, content);
        }
    }

    /// The operations of one thread.
    private static final class RandomWalk {
        private final Life life;
        private final WindowCache cache;
        private final SharedFileModel model;
        private final int own;
        private final FileChannel others;
        private final MemorySegment memory;
        private final SplittableRandom random;

        RandomWalk(Life life, int own, FileChannel others, MemorySegment memory, SplittableRandom random) {
            this.life = life;
            this.cache = life.fixture.cache;
            this.model = life.model;
            this.own = own;
            this.others = others;
            this.memory = memory;
            this.random = random;
        }

        void step() throws IOException {
            if (random.nextInt(400) == 0) {
                life.world.writeLock().lock();
                try {
                    life.empty(random);
                } finally {
                    life.world.writeLock().unlock();
                }
                return;
            }
            life.world.readLock().lock();
            try {
                switch (random.nextInt(10)) {
                    case 0, 1, 2 -> read();
                    case 3 -> readAsOthers();
                    case 4 -> lend();
                    default -> change();
                }
            } finally {
                life.world.readLock().unlock();
            }
        }

        private void read() throws IOException {
            int from = random.nextInt(model.maxByteSize());
            int byteSize = random.nextInt(1, model.maxByteSize() - from + 1);
            MemorySegment to = random.nextBoolean() ? memory : MemorySegment.ofArray(new byte[byteSize]);
            int flags = WindowFlag.READ | (random.nextInt(4) == 0 ? WindowFlag.UNMAP : 0);
            AccessAdvice advice = AccessAdvice.values()[random.nextInt(AccessAdvice.values().length)];
            int[] stamps = model.stamps();
            long count = cache.uiomove(life.file, Uio.reading(from, to.asSlice(0, byteSize)), advice, flags);
            model.check("read", from, byteSize, to, count, stamps);
        }

        private void readAsOthers() throws IOException {
            int from = random.nextInt(model.maxByteSize());
            ByteBuffer to = ByteBuffer.allocate(model.maxByteSize() - from);
            int[] stamps = model.stamps();
            int count = Math.max(0, others.read(to, from));
            model.check(
                    "read outside the cache", from, to.capacity(), MemorySegment.ofArray(to.array()), count, stamps);
        }

        private void lend() throws IOException {
            int from = random.nextInt(model.lastStart());
            int byteSize = random.nextInt(1, SharedFileModel.STRIPE_BYTES);
            int[] stamps = model.stamps();
            try (Window window = alloc(from, byteSize, WindowFlag.READ)) {
                int count = (int) window.byteSize();
                MemorySegment seen = memory.asSlice(0, count).copyFrom(window.segment());
                model.check("lend", from, count, seen, count, stamps);
            }
        }

        private void change() throws IOException {
            model.step(own);
            try {
                int start = SharedFileModel.start(own);
                int limit = model.limit(own);
                int from = random.nextInt(start, limit);
                byte[] content = new byte[random.nextInt(1, limit - from + 1)];
                random.nextBytes(content);
                if (own == CHANNEL_STRIPE) {
                    writeAsOthers(from, content);
                } else if (model.isLast(own) && random.nextBoolean()) {
                    truncate(random.nextInt(start, limit));
                } else {
                    write(from, content);
                }
            } finally {
                model.step(own);
            }
        }

        private void write(int from, byte[] content) throws IOException {
            int flags = WindowFlag.WRITE | (random.nextBoolean() ? WindowFlag.FAULTBUSY : 0);
            switch (random.nextInt(4)) {
                case 0 -> {
                    cache.zerorange(life.file, from, content.length, random.nextBoolean() ? WindowFlag.UNMAP : 0);
                    model.put(from, new byte[content.length]);
                }
                case 1 -> {
                    byte[] stored;
                    try (Window window = alloc(from, content.length, flags)) {
                        stored = Arrays.copyOf(content, (int) window.byteSize());
                        window.segment().copyFrom(MemorySegment.ofArray(stored));
                    }
                    model.put(from, stored);
                }
                case 2 -> {
                    int given = random.nextInt(content.length);
                    var source = new WindowWriteContract.Source(content, given);
                    Uio uio = Uio.writing(from, content.length, source);
                    assertThatThrownBy(() -> cache.uiomove(life.file, uio, AccessAdvice.NORMAL, WindowFlag.WRITE))
                            .isInstanceOf(IOException.class);
                    model.put(from, Arrays.copyOf(content, given));
                }
                default -> {
                    MemorySegment source = memory.asSlice(0, content.length).copyFrom(MemorySegment.ofArray(content));
                    cache.uiomove(life.file, Uio.writing(from, source), AccessAdvice.NORMAL, flags);
                    model.put(from, content);
                }
            }
        }

        private void writeAsOthers(int from, byte[] content) throws IOException {
            ByteBuffer bytes = ByteBuffer.wrap(content);
            while (bytes.hasRemaining()) {
                others.write(bytes, from + bytes.position());
            }
            model.put(from, content);
        }

        /// Truncates or extends the file, unless another thread has a window on the part to be removed.
        private void truncate(int byteSize) throws IOException {
            try {
                life.file.truncate(byteSize);
                model.truncate(byteSize);
            } catch (IllegalStateException e) {
                assertThat(e).hasMessageContaining("windows are outstanding");
            }
        }

        private Window alloc(int from, int byteSize, int flags) throws IOException {
            return Objects.requireNonNull(cache.alloc(life.file, from, byteSize, AccessAdvice.RANDOM, flags));
        }
    }
}
