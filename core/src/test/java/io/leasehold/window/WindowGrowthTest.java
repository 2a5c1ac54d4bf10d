package io.leasehold.window;

import static org.assertj.core.api.Assertions.assertThat;

import io.leasehold.memory.TestMemory;
import io.leasehold.os.VirtualMemory;
import io.leasehold.os.VirtualMemory.Capability;
import io.leasehold.page.Eventually;
import io.leasehold.page.Watchdog;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// The work of windows besides their calls of the kernel, counted in looks at slots, steps and sleeps: it grows with
/// the changes, and not with the number of windows.
@Timeout(600)
class WindowGrowthTest {

    private static final int WINDOW = WindowCacheFixture.WINDOW_BYTES;
    private static final int STEP = SlotClock.STEP;

    /// Number of looks before a search takes the next slot.
    private static final int MAX_SPARED = 4 * STEP;

    @TempDir
    Path folder;

    @BeforeAll
    static void skipWithoutMappings() {
        TestMemory.require(VirtualMemory.system(), Capability.MAP);
    }

    @ParameterizedTest
    @ValueSource(ints = {64, 512, 2_048})
    void recycledWindowIsOneLook(int windows) throws IOException {
        try (WindowCacheFixture fixture = new WindowCacheFixture(WindowCacheFixture.options(windows, 0))) {
            MappedFile file = file(fixture, "file", 3 * windows);
            lendOnce(fixture, file, 0, 3 * windows);
            assertThat(fixture.cache.stats().recycles()).isGreaterThanOrEqualTo(2L * windows);
            assertThat(looks(fixture)).isEqualTo(fixture.cache.stats().recycles());
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {512, 2_048})
    void missPassesSomeWindowsThatAreInUseAndNotAll(int windows) throws IOException {
        try (WindowCacheFixture fixture = new WindowCacheFixture(WindowCacheFixture.options(windows, 0))) {
            MappedFile file = file(fixture, "file", 2 * windows);
            lendOnce(fixture, file, 0, windows);
            lendOnce(fixture, file, 0, windows);
            lendOnce(fixture, file, windows, windows + 1);
            assertThat(looks(fixture)).isBetween((long) MAX_SPARED - STEP, (long) MAX_SPARED + STEP);
        }
    }

    @Test
    void windowsInUseOutliveAScan() throws IOException {
        try (WindowCacheFixture fixture = new WindowCacheFixture(WindowCacheFixture.options(64, 0))) {
            MappedFile file = file(fixture, "file", 400);
            lendOnce(fixture, file, 0, 32);
            for (int part = 32; part < 400; part++) {
                lendOnce(fixture, file, part, part + 1);
                lendOnce(fixture, file, part % 32, part % 32 + 1);
            }
            assertThat(fixture.cache.stats().misses()).isEqualTo(400);
        }
    }

    /// Windows that are lent for the second time are in the ring, and leave it when the hand meets them.
    @ParameterizedTest
    @ValueSource(ints = {64, 512, 2_048})
    void pinnedWindowIsLookedAtOnce(int windows) throws IOException {
        try (WindowCacheFixture fixture = new WindowCacheFixture(WindowCacheFixture.options(windows, 0))) {
            MappedFile file = file(fixture, "file", 3 * windows);
            int pinned = windows - 8;
            lendOnce(fixture, file, 0, pinned);
            lendOnce(fixture, file, windows, windows + 16);
            List<Window> lent = new ArrayList<>();
            for (int part = 0; part < pinned; part++) {
                lent.add(alloc(fixture, file, part));
            }
            long before = looks(fixture);
            long recycles = fixture.cache.stats().recycles();
            lendOnce(fixture, file, windows, 2 * windows);
            long recycled = fixture.cache.stats().recycles() - recycles;
            assertThat(looks(fixture) - before).isLessThanOrEqualTo(pinned + 2 * recycled);
            lendOnce(fixture, file, 2 * windows, 3 * windows);
            assertThat(looks(fixture) - before).isLessThanOrEqualTo(pinned + 2 * recycled + 2L * windows);
            for (Window window : lent) {
                window.close();
            }
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {64, 512, 2_048})
    void endOfAFileLooksAtItsOwnWindows(int windows) throws IOException {
        try (WindowCacheFixture fixture = new WindowCacheFixture(WindowCacheFixture.options(windows, 0))) {
            lendOnce(fixture, file(fixture, "large", windows), 0, windows - 16);
            MappedFile small = fixture.open(folder.resolve("small"), FileTrust.OWNED, WindowTier.RECYCLED);
            fixture.write(small, 0, WindowCacheFixture.pattern(3 * WINDOW, 1));
            lendOnce(fixture, small, 0, 3);
            small.truncate(0);
            assertThat(fileLooks(fixture)).as("truncate").isEqualTo(3);
            fixture.cache.purge(small);
            assertThat(fileLooks(fixture)).as("purge").isEqualTo(3 + 3);
            fixture.write(small, 0, WindowCacheFixture.pattern(3 * WINDOW, 1));
            lendOnce(fixture, small, 0, 2);
            small.close();
            assertThat(fileLooks(fixture)).as("close").isEqualTo(3 + 3 + 2);
            assertThat(looks(fixture)).isZero();
        }
    }

    @Test
    void fileWithManyWindowsIsClosedInSteps() throws IOException {
        List<Long> looks = new ArrayList<>();
        try (WindowCacheFixture fixture =
                new WindowCacheFixture(WindowCacheFixture.options(1_000, 0), new WatchedFiles.Watcher() {}, memory -> {
                    return watched(
                            memory,
                            () -> looks.add(pool == null ? 0 : pool.reclaim().fileLooks()));
                })) {
            pool = fixture.cache.pools().windows();
            MappedFile file = file(fixture, "file", 1_000);
            lendOnce(fixture, file, 0, 1_000);
            looks.clear();
            looks.add(0L);
            file.close();
            assertThat(fixture.cache.stats().placeholders()).isEqualTo(1_000);
            assertThat(looks.getLast()).isEqualTo(1_000);
            for (int i = 1; i < looks.size(); i++) {
                assertThat(looks.get(i) - looks.get(i - 1)).isLessThanOrEqualTo(STEP);
            }
        }
    }

    @Test
    void kernelIsCalledWithoutTheLock() throws IOException {
        List<Boolean> calls = new ArrayList<>();
        try (WindowCacheFixture fixture =
                new WindowCacheFixture(WindowCacheFixture.options(16, 0), new WatchedFiles.Watcher() {}, memory -> {
                    return watched(memory, () -> calls.add(pool != null && pool.lock.isHeld()));
                })) {
            pool = fixture.cache.pools().windows();
            MappedFile file = file(fixture, "file", 100);
            calls.clear();
            lendOnce(fixture, file, 0, 100);
            for (int part = 0; part < 100; part++) {
                fixture.read(file, (long) part * WINDOW, 9);
            }
            alloc(fixture, file, 7).close();
            fixture.cache.release(alloc(fixture, file, 8), WindowFlag.UNMAP);
            file.close();
            assertThat(calls).hasSizeGreaterThan(200).doesNotContain(true);
        }
    }

    /// A thread sleeps at first, and again if a released window or the last thread woke it in vain.
    @ParameterizedTest
    @ValueSource(ints = {8, 32})
    void windowThatComesBackWakesOneThread(int threads) throws Exception {
        Watchdog watchdog = new Watchdog();
        List<Integer> order = Collections.synchronizedList(new ArrayList<>());
        try (WindowCacheFixture fixture = new WindowCacheFixture(WindowCacheFixture.options(1, 0))) {
            MappedFile file = file(fixture, "file", threads + 1);
            Window window = alloc(fixture, file, threads);
            for (int i = 0; i < threads; i++) {
                int part = i;
                Thread waiter = watchdog.start("waiter", () -> {
                    Window lent = alloc(fixture, file, part);
                    order.add(part);
                    lent.close();
                });
                Eventually.holds("the thread waits", () -> waiter.getState() == Thread.State.TIMED_WAITING);
            }
            window.close();
            watchdog.join();
            assertThat(order).as("in the order in which they came").isSorted().hasSize(threads);
            assertThat(fixture.cache.stats().waits()).isLessThanOrEqualTo(3L * threads + 1);
        }
    }

    private volatile @Nullable WindowPool pool;

    /// {@return memory that runs an action before each call that maps, advises or decommits}
    private static VirtualMemory watched(VirtualMemory memory, Runnable action) {
        return (VirtualMemory) Proxy.newProxyInstance(
                VirtualMemory.class.getClassLoader(),
                new Class<?>[] {VirtualMemory.class},
                (proxy, method, arguments) -> {
                    if (List.of("map", "decommit", "advise").contains(method.getName())) {
                        action.run();
                    }
                    try {
                        return method.invoke(memory, arguments);
                    } catch (InvocationTargetException e) {
                        throw e.getCause();
                    }
                });
    }

    private MappedFile file(WindowCacheFixture fixture, String name, int windows) throws IOException {
        Path path = Files.createFile(folder.resolve(name));
        try (RandomAccessFile sparse = new RandomAccessFile(path.toFile(), "rw")) {
            sparse.setLength((long) windows * WINDOW);
        }
        return fixture.open(path, FileTrust.IMMUTABLE, WindowTier.RECYCLED);
    }

    private static void lendOnce(WindowCacheFixture fixture, MappedFile file, int from, int end) throws IOException {
        for (int part = from; part < end; part++) {
            alloc(fixture, file, part).close();
        }
    }

    private static Window alloc(WindowCacheFixture fixture, MappedFile file, int part) throws IOException {
        return Objects.requireNonNull(
                fixture.cache.alloc(file, (long) part * WINDOW, 9, AccessAdvice.NORMAL, WindowFlag.READ));
    }

    private static long looks(WindowCacheFixture fixture) {
        return fixture.cache.pools().windows().clock.looks();
    }

    private static long fileLooks(WindowCacheFixture fixture) {
        return fixture.cache.pools().windows().reclaim().fileLooks();
    }
}
