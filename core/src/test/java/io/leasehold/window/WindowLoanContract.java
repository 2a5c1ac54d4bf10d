package io.leasehold.window;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.leasehold.page.Eventually;
import io.leasehold.page.Watchdog;
import java.io.EOFException;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;

/// Lending on every tier: in place or as a private copy, and the calls that an outstanding window blocks.
interface WindowLoanContract extends WindowTierFixture {

    @Test
    default void windowHasTheBytesOfTheFile() throws IOException {
        byte[] content = WindowCacheFixture.pattern(9 * WINDOW, 1);
        Path path = WindowCacheFixture.foreign(folder(), content);
        try (WindowCacheFixture fixture = fixture()) {
            for (FileTrust trust : FileTrust.values()) {
                MappedFile file = fixture.open(path, trust, tier());
                for (long from = 0; from < content.length; from += WINDOW - 1) {
                    try (Window window = alloc(fixture, file, from, 2L * WINDOW)) {
                        int end = (int) (from + window.byteSize());
                        assertThat(window.byteOffset()).isEqualTo(from);
                        assertThat(bytes(window)).isEqualTo(Arrays.copyOfRange(content, (int) from, end));
                        assertThat(window.segment().isReadOnly()).isTrue();
                        assertThat(window.isPrivate())
                                .isEqualTo(trust == FileTrust.FOREIGN || file.tier() == WindowTier.BYPASS);
                    }
                }
            }
        }
    }

    /// The window is behind the end of the file, which grows further behind it before the window is released.
    @Test
    default void storesStayWhenTheFileGrowsBehindTheWindow() throws IOException {
        for (int way = 0; way < 4; way++) {
            try (WindowCacheFixture fixture = fixture()) {
                MappedFile file =
                        fixture.open(WindowCacheFixture.foreign(folder(), new byte[10]), FileTrust.OWNED, tier());
                Window window = write(fixture, file, 20, 30);
                window.segment().fill((byte) 7);
                Window next = null;
                switch (way) {
                    case 0 -> next = write(fixture, file, 60, 10);
                    case 1 -> fixture.write(file, 60, new byte[10]);
                    case 2 -> fixture.cache.zerorange(file, 60, 10, 0);
                    default -> extend(file, window);
                }
                window.close();
                if (next != null) {
                    next.close();
                }
                byte[] expected = new byte[40];
                Arrays.fill(expected, 10, 40, (byte) 7);
                assertThat(fixture.read(file, 10, 40)).as("way %d", way).isEqualTo(expected);
            }
        }
    }

    /// Extends a file to behind the slot of a window. A private copy does not allow it.
    private static void extend(MappedFile file, Window window) throws IOException {
        if (!window.isPrivate()) {
            file.truncate(9L * WINDOW);
        }
    }

    private static Window write(WindowCacheFixture fixture, MappedFile file, long from, long byteSize)
            throws IOException {
        return Objects.requireNonNull(fixture.cache.alloc(file, from, byteSize, AccessAdvice.NORMAL, WindowFlag.WRITE));
    }

    @Test
    default void windowIsAsLongAsItsSlotOrTheFile() throws IOException {
        try (WindowCacheFixture fixture = fixture()) {
            MappedFile file = fixture.open(
                    WindowCacheFixture.foreign(folder(), WindowCacheFixture.pattern(5 * WINDOW, 1)),
                    FileTrust.IMMUTABLE,
                    tier());
            long slot = file.tier() == WindowTier.DIRECT ? 4L * WINDOW : WINDOW;
            if (file.tier() != WindowTier.BYPASS) {
                try (Window window = alloc(fixture, file, 100, 100L * WINDOW)) {
                    assertThat(window.byteSize()).isEqualTo(slot - 100);
                }
            }
            try (Window window = alloc(fixture, file, 5 * WINDOW - 3, 100)) {
                assertThat(window.byteSize()).isEqualTo(3);
            }
            assertThatThrownBy(() -> alloc(fixture, file, 5L * WINDOW, 1)).isInstanceOf(EOFException.class);
            assertThatThrownBy(() -> alloc(fixture, file, 0, 0)).isInstanceOf(IllegalArgumentException.class);
        }
    }

    @Test
    default void privateCopySurvivesATruncation() throws IOException {
        Path path = WindowCacheFixture.foreign(folder(), WindowCacheFixture.pattern(WINDOW, 1));
        try (WindowCacheFixture fixture = fixture()) {
            MappedFile file = fixture.open(path, FileTrust.FOREIGN, tier());
            try (Window window = alloc(fixture, file, 0, WINDOW)) {
                WindowCacheFixture.truncateAsOthers(path, 0);
                assertThat(bytes(window)).isEqualTo(WindowCacheFixture.pattern(WINDOW, 1));
            }
        }
    }

    @Test
    default void windowIsReleasedOnce() throws IOException {
        try (WindowCacheFixture fixture = fixture()) {
            MappedFile file =
                    fixture.open(WindowCacheFixture.foreign(folder(), new byte[9]), FileTrust.IMMUTABLE, tier());
            Window window = alloc(fixture, file, 0, 9);
            window.close();
            assertThatThrownBy(window::close)
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("window is released: " + window);
            assertThatThrownBy(window::segment).isInstanceOf(IllegalStateException.class);
            assertThatThrownBy(window::address).isInstanceOf(IllegalStateException.class);
        }
    }

    /// Acceptance fact (9), the windows.
    @Test
    default void fileWithOutstandingWindowsIsNotClosedTruncatedOrPurged() throws IOException {
        Path path = folder().resolve("new");
        try (WindowCacheFixture fixture = fixture()) {
            MappedFile file = fixture.open(path, FileTrust.OWNED, tier());
            fixture.write(file, 0, WindowCacheFixture.pattern(WINDOW, 1));
            Window window =
                    Objects.requireNonNull(fixture.cache.alloc(file, 8, 16, AccessAdvice.NORMAL, WindowFlag.WRITE));
            String[] named = {"windows are outstanding", path.toString(), window.isPrivate() ? "copies" : "byteOffset=0"
            };
            assertThatThrownBy(file::close)
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContainingAll(named);
            assertThatThrownBy(fixture.cache::close)
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContainingAll(named);
            assertThatThrownBy(() -> file.truncate(0))
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContainingAll(named);
            assertThat(fixture.read(file, 0, WINDOW)).isEqualTo(WindowCacheFixture.pattern(WINDOW, 1));
            window.segment().fill((byte) 3);
            window.close();
            file.truncate(9);
            assertThat(fixture.read(file, 7, WINDOW)).containsExactly(WindowCacheFixture.patternAt(7, 1), 3);
            file.close();
        }
    }

    @Test
    default void fileIsClosedWhenItsWindowsAreBack() throws Exception {
        Watchdog watchdog = new Watchdog();
        try (WindowCacheFixture fixture = fixture()) {
            MappedFile file = fixture.open(folder().resolve("new"), FileTrust.OWNED, tier());
            Window window =
                    Objects.requireNonNull(fixture.cache.alloc(file, 0, 9, AccessAdvice.NORMAL, WindowFlag.WRITE));
            assertThatThrownBy(() -> file.close(Duration.ofMillis(1))).isInstanceOf(IllegalStateException.class);
            Thread closer = watchdog.start("closer", () -> file.close(Duration.ofSeconds(60)));
            Eventually.holds("the closer waits", () -> closer.getState() == Thread.State.TIMED_WAITING);
            assertThatThrownBy(() -> fixture.cache.alloc(file, 0, 9, AccessAdvice.NORMAL, WindowFlag.WRITE))
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("file is closed");
            window.close();
            watchdog.join();
        }
    }

    @Test
    default void exhaustionWaitsOrGivesUp() throws Exception {
        Watchdog watchdog = new Watchdog();
        byte[] content = WindowCacheFixture.pattern(9 * WINDOW, 1);
        try (WindowCacheFixture fixture = new WindowCacheFixture(WindowCacheFixture.options(2, 0))) {
            MappedFile file = fixture.open(WindowCacheFixture.foreign(folder(), content), FileTrust.IMMUTABLE, tier());
            List<Window> windows = new ArrayList<>();
            windows.add(alloc(fixture, file, 0, 9));
            windows.add(alloc(fixture, file, WINDOW, 9));
            int flags = WindowFlag.READ | WindowFlag.NOWAIT;
            Window third = fixture.cache.alloc(file, 2L * WINDOW, 9, AccessAdvice.NORMAL, flags);
            if (file.tier() == WindowTier.BYPASS) {
                windows.add(Objects.requireNonNull(third)); // private copies are not limited
            } else {
                assertThat(third).isNull();
                Duration soon = Duration.ofMillis(2);
                assertThat(fixture.cache.tryAlloc(file, 2L * WINDOW, 9, AccessAdvice.NORMAL, WindowFlag.READ, soon))
                        .isNull();
                assertThat(fixture.read(file, 0, content.length)).isEqualTo(content); // copies do not wait
                // the request above may have timed out before it slept, so its wait may not be counted
                long waits = fixture.cache.stats().waits();
                AtomicReference<Window> waited = new AtomicReference<>();
                Thread waiter = watchdog.start("waiter", () -> waited.set(alloc(fixture, file, 2L * WINDOW, 9)));
                Eventually.holds("a thread waits", () -> waiter.getState() == Thread.State.TIMED_WAITING);
                windows.removeFirst().close();
                watchdog.join();
                windows.add(waited.get());
                assertThat(bytes(waited.get())).isEqualTo(Arrays.copyOfRange(content, 2 * WINDOW, 2 * WINDOW + 9));
                assertThat(fixture.cache.stats().waits()).isGreaterThan(waits);
            }
            for (Window window : windows) {
                window.close();
            }
        }
    }

    @Test
    default void whatIsStoredInAWindowIsInTheFile() throws IOException {
        Path path = folder().resolve("new");
        try (WindowCacheFixture fixture = fixture()) {
            MappedFile file = fixture.open(path, FileTrust.OWNED, tier());
            fixture.write(file, 0, (byte) 1, (byte) 2);
            int flags = WindowFlag.WRITE | WindowFlag.FAULTBUSY;
            Window window = Objects.requireNonNull(fixture.cache.alloc(file, 1, 3000, AccessAdvice.NORMAL, flags));
            assertThat(fixture.read(file, 0, 9)).as("before the release").hasSize(2);
            window.segment().copyFrom(MemorySegment.ofArray(WindowCacheFixture.pattern(3000, 1)));
            window.close();
            byte[] expected = new byte[3001];
            expected[0] = 1;
            System.arraycopy(WindowCacheFixture.pattern(3000, 1), 0, expected, 1, 3000);
            assertThat(fixture.read(file, 0, 9000)).isEqualTo(expected);
            assertThat(java.nio.file.Files.readAllBytes(path)).isEqualTo(expected);
            assertThat(fixture.cache.stats().faultbusy()).isEqualTo(window.isPrivate() ? 0 : 1);
        }
    }

    @Test
    default void growthThatWouldTruncateAWindowIsRejected() throws IOException {
        try (WindowCacheFixture fixture = fixture()) {
            MappedFile file = fixture.open(folder().resolve("new"), FileTrust.OWNED, tier());
            Window window =
                    Objects.requireNonNull(fixture.cache.alloc(file, 0, 9000, AccessAdvice.NORMAL, WindowFlag.WRITE));
            assertThatThrownBy(() -> file.truncate(10)).isInstanceOf(IllegalStateException.class);
            assertThatThrownBy(() -> file.truncate(-1)).isInstanceOf(IllegalArgumentException.class);
            window.segment().fill((byte) 6);
            window.close();
            assertThat(fixture.read(file, 8990, 99)).containsExactly(6, 6, 6, 6, 6, 6, 6, 6, 6, 6);
        }
    }

    @Test
    default void copyIntoOnesOwnMappingAndCrosswiseDoesNotDeadlock() throws Exception {
        Watchdog watchdog = new Watchdog();
        try (WindowCacheFixture fixture = fixture()) {
            MappedFile first = fixture.open(folder().resolve("first"), FileTrust.OWNED, tier());
            MappedFile second = fixture.open(folder().resolve("second"), FileTrust.OWNED, tier());
            fixture.write(first, 0, WindowCacheFixture.pattern(WINDOW, 1));
            fixture.write(second, 0, WindowCacheFixture.pattern(WINDOW, 2));
            try (Window own = alloc(fixture, first, 0, WINDOW);
                    Window other = alloc(fixture, second, 0, WINDOW)) {
                watchdog.start("own", () -> write(fixture, first, own, 0, 50));
                watchdog.start("to second", () -> write(fixture, second, own, WINDOW, 50));
                watchdog.start("to first", () -> write(fixture, first, other, WINDOW, 50));
                watchdog.join();
            }
            assertThat(fixture.read(first, 0, WINDOW)).isEqualTo(WindowCacheFixture.pattern(WINDOW, 1));
            assertThat(fixture.read(first, WINDOW, WINDOW)).isEqualTo(WindowCacheFixture.pattern(WINDOW, 2));
            assertThat(fixture.read(second, WINDOW, WINDOW)).isEqualTo(WindowCacheFixture.pattern(WINDOW, 1));
        }
    }

    private static void write(WindowCacheFixture fixture, MappedFile file, Window from, long byteOffset, int times)
            throws IOException {
        for (int i = 0; i < times; i++) {
            Uio uio = Uio.writing(byteOffset, from.segment());
            fixture.cache.uiomove(file, uio, AccessAdvice.NORMAL, WindowFlag.WRITE);
        }
    }

    private static Window alloc(WindowCacheFixture fixture, MappedFile file, long byteOffset, long byteSize)
            throws IOException {
        return Objects.requireNonNull(
                fixture.cache.alloc(file, byteOffset, byteSize, AccessAdvice.NORMAL, WindowFlag.READ));
    }

    private static byte[] bytes(Window window) {
        return window.segment().toArray(ValueLayout.JAVA_BYTE);
    }
}
