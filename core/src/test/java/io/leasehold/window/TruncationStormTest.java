package io.leasehold.window;

import static org.assertj.core.api.Assertions.assertThat;

import io.leasehold.memory.Seeds;
import io.leasehold.page.Watchdog;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Files are cut and written again, through a channel of others or through the file itself, while threads read them
/// through windows: each access gives right bytes or an [IOException], and nothing else ever.
///
/// Others cut by whole pages, or anywhere. When the rest of a page is zeroed and written again while it is copied, the
/// zeroes are seen, by read(2) too, as the tier BYPASS showed within a minute; so where others cut anywhere, zeroes are
/// as good as what was there before.
///
/// `-Dleasehold.soak=true` makes each storm a minute long.
class TruncationStormTest {

    private static final long STORM_NANOS =
            Boolean.getBoolean("leasehold.soak") ? TimeUnit.SECONDS.toNanos(60) : TimeUnit.MILLISECONDS.toNanos(100);

    /// A storm goes on for so many right reads at least, on a machine that others keep busy.
    private static final int LEAST_READS = 20;

    private static final int READERS = 4;
    private static final int FILE_BYTES = 12 * WindowBed.WINDOW_BYTES;
    private static final byte[] CONTENT = WindowBed.pattern(FILE_BYTES, 1);

    @TempDir
    Path folder;

    @ParameterizedTest
    @CsvSource({
        "DIRECT, FOREIGN, 4096",
        "RECYCLED, FOREIGN, 4096",
        "BYPASS, FOREIGN, 4096",
        "DIRECT, IMMUTABLE, 4096",
        "RECYCLED, IMMUTABLE, 4096",
        "AUTO, FOREIGN, 4096",
        "DIRECT, FOREIGN, 1",
        "RECYCLED, FOREIGN, 1",
        "RECYCLED, IMMUTABLE, 1",
        "DIRECT, OWNED, 1",
        "RECYCLED, OWNED, 1",
        "BYPASS, OWNED, 1"
    })
    void everyReadIsRightOrAnError(WindowTier tier, FileTrust trust, int unit) throws Exception {
        long seed = Seeds.next("TruncationStormTest");
        Watchdog watchdog = new Watchdog();
        boolean isZeroRight = unit == 1 && trust != FileTrust.OWNED;
        AtomicBoolean isOver = new AtomicBoolean();
        AtomicLong right = new AtomicLong();
        AtomicLong errors = new AtomicLong();
        try (WindowBed bed = new WindowBed(WindowBed.options(4, 16))) {
            List<MappedFile> files = new ArrayList<>();
            for (int i = 0; i < 2; i++) {
                Path path = WindowBed.foreign(folder, CONTENT);
                MappedFile file = bed.open(path, trust, tier);
                files.add(file);
                SplittableRandom random = new SplittableRandom(seed + i);
                watchdog.start("storm", () -> {
                    if (trust == FileTrust.OWNED) {
                        stormOfOurs(bed, file, random, right, isOver);
                    } else {
                        storm(path, unit, random, right, isOver);
                    }
                });
            }
            for (int i = 0; i < READERS; i++) {
                long reader = seed + 100 + i;
                watchdog.start("reader", () -> {
                    SplittableRandom random = new SplittableRandom(reader);
                    try (Arena arena = Arena.ofConfined()) {
                        MemorySegment to = arena.allocate(3L * WindowBed.WINDOW_BYTES);
                        while (!isOver.get()) {
                            read(bed, files.get(random.nextInt(2)), isZeroRight, random, to, right, errors);
                        }
                    } finally {
                        isOver.set(true);
                    }
                });
            }
            watchdog.join();
            bed.cache.checkInvariants();
        }
        System.out.println("TruncationStormTest: " + tier + ", " + trust + ", unit=" + unit + ", right=" + right
                + ", errors=" + errors);
        assertThat(right.get()).isGreaterThanOrEqualTo(LEAST_READS);
    }

    private static void read(
            WindowBed bed,
            MappedFile file,
            boolean isZeroRight,
            SplittableRandom random,
            MemorySegment to,
            AtomicLong right,
            AtomicLong errors) {
        long from = random.nextLong(FILE_BYTES);
        long byteSize = random.nextBoolean() ? random.nextLong(1, 100) : random.nextLong(1, to.byteSize());
        Uio uio = Uio.reading(from, to.asSlice(0, byteSize));
        int flags = WindowFlag.READ | (random.nextBoolean() ? WindowFlag.PARTIALOK : 0);
        try {
            long count = bed.cache.uiomove(file, uio, AccessAdvice.NORMAL, flags);
            for (long i = 0; i < count; i++) {
                byte is = to.get(ValueLayout.JAVA_BYTE, i);
                if (is != CONTENT[(int) (from + i)] && !(isZeroRight && is == 0)) {
                    throw new AssertionError("wrong byte: from=%d, byteSize=%d, count=%d, at=%d, is=%d, file=%s"
                            .formatted(from, byteSize, count, i, is, file));
                }
            }
            right.incrementAndGet();
        } catch (IOException e) {
            assertThat(e).hasMessageContainingAll(file.path().toString(), "byteOffset=" + from);
            assertThat(file.trust()).as("%s", e).isNotEqualTo(FileTrust.OWNED);
            errors.incrementAndGet();
        }
    }

    /// Does the same through the file itself, where each growth is seen as a whole.
    private static void stormOfOurs(
            WindowBed bed, MappedFile file, SplittableRandom random, AtomicLong right, AtomicBoolean isOver)
            throws IOException {
        long end = System.nanoTime() + STORM_NANOS;
        try {
            while (System.nanoTime() < end || (right.get() < LEAST_READS && !isOver.get())) {
                int cut = random.nextInt(FILE_BYTES);
                file.truncate(cut);
                MemorySegment rest = MemorySegment.ofArray(CONTENT).asSlice(cut);
                bed.cache.uiomove(file, Uio.writing(cut, rest), AccessAdvice.NORMAL, WindowFlag.WRITE);
            }
        } finally {
            isOver.set(true);
        }
    }

    /// Cuts at a multiple of `unit` and writes the same bytes again from there, so that the file never has others.
    private static void storm(Path path, int unit, SplittableRandom random, AtomicLong right, AtomicBoolean isOver)
            throws IOException {
        long end = System.nanoTime() + STORM_NANOS;
        try (FileChannel channel = WindowBed.channel(path)) {
            while (System.nanoTime() < end || (right.get() < LEAST_READS && !isOver.get())) {
                int cut = random.nextInt(FILE_BYTES) / unit * unit;
                channel.truncate(cut);
                while (cut < FILE_BYTES) {
                    int more = Math.min(FILE_BYTES - cut, unit * random.nextInt(1, 1 + 8192 / unit));
                    channel.write(ByteBuffer.wrap(CONTENT, cut, more), cut);
                    cut += more;
                }
            }
        } finally {
            isOver.set(true);
        }
    }
}
