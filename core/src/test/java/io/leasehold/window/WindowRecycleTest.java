package io.leasehold.window;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.leasehold.memory.MappingBudget;
import io.leasehold.memory.Reservations;
import io.leasehold.memory.TestMemory;
import io.leasehold.os.FaultyVirtualMemory.Call;
import io.leasehold.os.VirtualMemory;
import io.leasehold.os.VirtualMemory.Capability;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The order in which windows are recycled, its cost in kernel calls, and the memory of a window whose file is closed.
class WindowRecycleTest {

    private static final int WINDOW = WindowCacheFixture.WINDOW_BYTES;

    @TempDir
    Path folder;

    @BeforeAll
    static void skipWithoutMappings() {
        TestMemory.require(VirtualMemory.system(), Capability.MAP);
    }

    /// Acceptance fact (8).
    @Test
    void unmappedWindowIsTheNextVictimAndAReleasedOneTheLast() throws IOException {
        try (WindowCacheFixture fixture = new WindowCacheFixture(WindowCacheFixture.options(3, 0))) {
            MappedFile file = file(fixture, 20);
            List<Window> windows = new ArrayList<>();
            for (int part = 0; part < 3; part++) {
                windows.add(alloc(fixture, file, part));
            }
            long first = windows.get(0).address();
            long second = windows.get(1).address();
            long third = windows.get(2).address();
            fixture.cache.release(windows.get(0), 0);
            fixture.cache.release(windows.get(2), 0);
            fixture.cache.release(windows.get(1), WindowFlag.UNMAP);
            // the victims in order: the unmapped window, then the others in the order of their release
            assertThat(addressOf(fixture, file, 10)).isEqualTo(second);
            assertThat(addressOf(fixture, file, 11)).isEqualTo(first);
            assertThat(addressOf(fixture, file, 12)).isEqualTo(third);
            assertThat(addressOf(fixture, file, 13)).isEqualTo(second);
        }
    }

    @Test
    void windowThatIsStillThereIsAHit() throws IOException {
        try (WindowCacheFixture fixture = new WindowCacheFixture(WindowCacheFixture.options(3, 0))) {
            MappedFile file = file(fixture, 20);
            long address = addressOf(fixture, file, 4);
            long maps = fixture.memory.count(Call.MAP);
            assertThat(addressOf(fixture, file, 4)).isEqualTo(address);
            assertThat(fixture.memory.count(Call.MAP)).isEqualTo(maps);
            assertThat(fixture.cache.stats().hits()).isEqualTo(1);
            assertThat(fixture.cache.stats().misses()).isEqualTo(1);
        }
    }

    @Test
    void windowsAreRecycledInBatches() throws IOException {
        try (WindowCacheFixture fixture = new WindowCacheFixture(WindowCacheFixture.options(32, 0))) {
            MappedFile file = file(fixture, 200);
            for (int part = 0; part < 200; part++) {
                fixture.read(file, (long) part * WINDOW, 9);
            }
            long recycled = fixture.cache.stats().recycles();
            assertThat(recycled).isBetween(200L - 32, 200L - 32 + 4);
            assertThat(fixture.memory.count(Call.DECOMMIT)).isEqualTo(recycled / 4);
            fixture.cache.checkInvariants();
        }
    }

    @Test
    void lentWindowIsNotRecycled() throws IOException {
        try (WindowCacheFixture fixture = new WindowCacheFixture(WindowCacheFixture.options(2, 0))) {
            MappedFile file = file(fixture, 50);
            try (Window window = alloc(fixture, file, 7)) {
                for (int part = 0; part < 50; part++) {
                    fixture.read(file, (long) part * WINDOW, WINDOW);
                }
                assertThat(window.segment().get(ValueLayout.JAVA_BYTE, 3))
                        .isEqualTo(WindowCacheFixture.patternAt(7L * WINDOW + 3, 1));
            }
        }
    }

    @Test
    void staleWindowIsAnErrorAndNoCrash() throws IOException {
        try (WindowCacheFixture fixture = new WindowCacheFixture(WindowCacheFixture.options(2, 2))) {
            for (WindowTier tier : new WindowTier[] {WindowTier.DIRECT, WindowTier.RECYCLED}) {
                MappedFile file = fixture.open(
                        WindowCacheFixture.foreign(folder, WindowCacheFixture.pattern(WINDOW, 1)),
                        FileTrust.IMMUTABLE,
                        tier);
                Window window =
                        Objects.requireNonNull(fixture.cache.alloc(file, 0, 9, AccessAdvice.NORMAL, WindowFlag.READ));
                MemorySegment stale = window.segment();
                window.close();
                file.close();
                assertThatThrownBy(() -> stale.get(ValueLayout.JAVA_BYTE, 0)).isInstanceOf(InternalError.class);
            }
            assertThat(fixture.cache.stats().placeholders()).isEqualTo(2);
        }
    }

    @Test
    void firstTouchesTakeNoWindowAndScansNeverDo() throws IOException {
        try (WindowCacheFixture fixture = new WindowCacheFixture(WindowCacheFixture.options(8, 0))) {
            Path path = WindowCacheFixture.foreign(folder, WindowCacheFixture.pattern(40 * WINDOW, 1));
            MappedFile file = fixture.open(path, FileTrust.FOREIGN, WindowTier.AUTO);
            for (int part = 0; part < 40; part++) {
                fixture.read(file, (long) part * WINDOW, 9);
            }
            assertThat(fixture.cache.stats().admits()).isZero();
            byte[] to = new byte[WINDOW];
            for (int i = 0; i < 9; i++) {
                Uio uio = Uio.reading(0, MemorySegment.ofArray(to));
                fixture.cache.uiomove(file, uio, AccessAdvice.SEQUENTIAL, WindowFlag.READ);
            }
            assertThat(fixture.cache.stats().admits()).isZero();
            fixture.read(file, 0, 9);
            assertThat(fixture.cache.stats().admits()).isEqualTo(1);
        }
    }

    @Test
    void fileTooLargeForTheExtentsThatAreLeftIsRecycled() throws IOException {
        try (WindowCacheFixture fixture = new WindowCacheFixture(WindowCacheFixture.options(4, 3))) {
            Path large = WindowCacheFixture.foreign(folder, WindowCacheFixture.pattern(13 * WINDOW, 1));
            Path small = WindowCacheFixture.foreign(folder, WindowCacheFixture.pattern(5 * WINDOW, 1));
            assertThat(fixture.open(large, FileTrust.FOREIGN, WindowTier.AUTO).tier())
                    .isEqualTo(WindowTier.RECYCLED);
            assertThat(fixture.open(small, FileTrust.FOREIGN, WindowTier.AUTO).tier())
                    .isEqualTo(WindowTier.DIRECT);
            // with the tier DIRECT it gets the extents that are free, and read(2) for the rest
            MappedFile direct = fixture.open(large, FileTrust.FOREIGN, WindowTier.DIRECT);
            assertThat(fixture.read(direct, 0, 13 * WINDOW)).isEqualTo(WindowCacheFixture.pattern(13 * WINDOW, 1));
            assertThat(fixture.cache.stats().admits()).isEqualTo(3);
        }
    }

    @Test
    void windowsAreChargedToTheMappingAccount() throws IOException {
        try (WindowCacheFixture fixture = new WindowCacheFixture(WindowCacheFixture.options(1, 0))) {
            Reservations poor = new Reservations(fixture.memory, new MappingBudget(30));
            assertThatThrownBy(() -> WindowPools.open(poor, WindowCacheFixture.options(20, 10), true))
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("out of kernel mappings");
            poor.releaseRetained();
            assertThat(poor.mappings().used()).isZero();
        }
    }

    private MappedFile file(WindowCacheFixture fixture, int windows) throws IOException {
        Path path = WindowCacheFixture.foreign(folder, WindowCacheFixture.pattern(windows * WINDOW, 1));
        return fixture.open(path, FileTrust.IMMUTABLE, WindowTier.RECYCLED);
    }

    private static Window alloc(WindowCacheFixture fixture, MappedFile file, int part) throws IOException {
        return Objects.requireNonNull(
                fixture.cache.alloc(file, (long) part * WINDOW, 9, AccessAdvice.NORMAL, WindowFlag.READ));
    }

    private static long addressOf(WindowCacheFixture fixture, MappedFile file, int part) throws IOException {
        try (Window window = alloc(fixture, file, part)) {
            return window.address();
        }
    }
}
