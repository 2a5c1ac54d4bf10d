package io.leasehold.window;

import static org.assertj.core.api.Assertions.assertThat;

import io.leasehold.memory.Seeds;
import io.leasehold.page.Watchdog;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Many threads on few windows. Copies and lent windows always have the requested part of the file, however fast
/// windows are recycled. A file that is opened and closed meanwhile takes nothing from the other files.
///
/// `-Dleasehold.soak=true` takes many more steps.
class WindowCacheThreadsTest {

    private static final int STEPS = Boolean.getBoolean("leasehold.soak") ? 300_000 : 1_500;
    private static final int THREADS = 4;
    private static final int FILES = 3;
    private static final int WINDOW = WindowCacheFixture.WINDOW_BYTES;
    private static final int PARTS = 9;

    @TempDir
    Path folder;

    @Test
    void partsOfFilesAreNotMixedUp() throws Exception {
        long seed = Seeds.next("WindowCacheThreadsTest");
        Watchdog watchdog = new Watchdog();
        List<Path> paths = new ArrayList<>();
        for (int i = 0; i < FILES; i++) {
            paths.add(WindowCacheFixture.foreign(folder, WindowCacheFixture.pattern(PARTS * WINDOW, i)));
        }
        try (WindowCacheFixture fixture = new WindowCacheFixture(WindowCacheFixture.options(3, 3))) {
            List<MappedFile> files = new ArrayList<>();
            for (Path path : paths) {
                files.add(fixture.open(path, FileTrust.IMMUTABLE, WindowTier.RECYCLED));
            }
            for (int i = 0; i < THREADS; i++) {
                SplittableRandom random = new SplittableRandom(seed + i);
                watchdog.start("reader", () -> {
                    for (int step = 0; step < STEPS; step++) {
                        int number = random.nextInt(FILES);
                        if (random.nextInt(4) == 0) {
                            lend(fixture, files.get(number), number, random);
                        } else {
                            read(fixture, files.get(number), number, random);
                        }
                    }
                });
            }
            SplittableRandom random = new SplittableRandom(seed + THREADS);
            watchdog.start("opener", () -> {
                for (int step = 0; step < STEPS / 10; step++) {
                    int number = random.nextInt(FILES);
                    WindowTier tier = step % 2 == 0 ? WindowTier.DIRECT : WindowTier.RECYCLED;
                    try (MappedFile file = fixture.open(paths.get(number), FileTrust.IMMUTABLE, tier)) {
                        read(fixture, file, number, random);
                        lend(fixture, file, number, random);
                    }
                }
            });
            watchdog.join();
            fixture.cache.checkInvariants();
            if (WindowCacheFixture.canMap()) {
                assertThat(fixture.cache.stats().recycles()).isPositive();
                assertThat(fixture.cache.stats().hits()).isPositive();
            }
        }
    }

    private static void read(WindowCacheFixture fixture, MappedFile file, int number, SplittableRandom random)
            throws IOException {
        int from = random.nextInt(PARTS * WINDOW);
        byte[] bytes = fixture.read(file, from, random.nextInt(1, 2 * WINDOW));
        check(MemorySegment.ofArray(bytes), from, number);
    }

    private static void lend(WindowCacheFixture fixture, MappedFile file, int number, SplittableRandom random)
            throws IOException {
        int from = random.nextInt(PARTS * WINDOW);
        Duration patience = Duration.ofSeconds(60);
        Window lent = fixture.cache.tryAlloc(file, from, 500, AccessAdvice.NORMAL, WindowFlag.READ, patience);
        try (Window window = Objects.requireNonNull(lent, "no window within a minute")) {
            check(window.segment(), from, number);
        }
    }

    private static void check(MemorySegment bytes, int from, int number) {
        for (long i = 0; i < bytes.byteSize(); i++) {
            byte is = bytes.get(ValueLayout.JAVA_BYTE, i);
            if (is != WindowCacheFixture.patternAt(from + i, number)) {
                throw new AssertionError("wrong byte: file=%d, from=%d, at=%d, is=%d".formatted(number, from, i, is));
            }
        }
    }
}
