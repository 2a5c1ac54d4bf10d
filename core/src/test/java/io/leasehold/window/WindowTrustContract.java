package io.leasehold.window;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.leasehold.memory.OffHeap;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.channels.Channels;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;

/// The cells of the trust table in the description of the package, on every tier.
interface WindowTrustContract extends WindowTierFixture {

    int BYTES = 3 * WINDOW;

    /// New lengths: within a page, at a page, and empty.
    List<Integer> LENGTHS = List.of(2 * WINDOW + 100, 2 * WINDOW, 1, 0);

    @Test
    default void fileTruncatedByOthersBeforeIsAnErrorOrEndsThere() throws IOException {
        for (FileTrust trust : FileTrust.values()) {
            for (int newEnd : LENGTHS) {
                try (WindowBed bed = bed()) {
                    Path path = content();
                    MappedFile file = bed.open(path, trust, tier());
                    touchAll(bed, file);
                    WindowBed.truncateAsOthers(path, newEnd);
                    if (trust == FileTrust.OWNED) {
                        assertThat(file.byteSize()).isEqualTo(BYTES);
                        for (int again = 0; again < 2; again++) {
                            fails(() -> bed.read(file, 0, BYTES));
                            fails(() -> bed.read(file, newEnd, 1));
                            fails(() -> bed.read(file, Math.max(newEnd - 50, 0), 100));
                            fails(() -> bed.read(file, BYTES - 10, 10));
                        }
                    } else {
                        if (trust == FileTrust.IMMUTABLE) {
                            fails(() -> bed.read(file, 0, BYTES));
                        }
                        assertThat(file.byteSize()).isEqualTo(newEnd);
                        assertThat(bed.read(file, 0, BYTES)).isEqualTo(WindowBed.pattern(newEnd, 1));
                        assertThat(bed.read(file, newEnd, 10)).isEmpty();
                    }
                    assertThat(bed.read(file, 0, newEnd)).isEqualTo(WindowBed.pattern(newEnd, 1));
                }
            }
        }
    }

    @Test
    default void truncationIsNeverReadAsZeroes() throws IOException {
        for (FileTrust trust : FileTrust.values()) {
            for (int newEnd : LENGTHS) {
                Path path = content();
                try (WindowBed bed = bed();
                        Arena arena = Arena.ofConfined();
                        MappedFile file = bed.open(path, trust, tier())) {
                    touchAll(bed, file);
                    WindowBed.truncateAsOthers(path, newEnd);
                    MemorySegment to = arena.allocate(BYTES);
                    fails(() -> bed.cache.read(file, 0, to));
                    fails(() -> bed.cache.checksum(file, 0, BYTES));
                    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
                    try {
                        bed.cache.uiomove(
                                file,
                                Uio.reading(0, BYTES, Channels.newChannel(bytes)),
                                AccessAdvice.NORMAL,
                                WindowFlag.READ);
                        assertThat(trust).isNotEqualTo(FileTrust.OWNED);
                    } catch (IOException e) {
                        assertThat(trust).isEqualTo(FileTrust.OWNED);
                    }
                    assertThat(bytes.toByteArray()).isEqualTo(WindowBed.pattern(newEnd, 1));
                }
            }
        }
    }

    @Test
    default void ownedFileTruncatedThroughAnotherObjectIsAnError() throws IOException {
        try (WindowBed bed = bed()) {
            Path path = content();
            MappedFile first = bed.open(path, FileTrust.OWNED, tier());
            MappedFile second = bed.open(path, FileTrust.OWNED, tier());
            touchAll(bed, second);
            first.truncate(2 * WINDOW + 100);
            assertThat(bed.read(first, 0, BYTES)).isEqualTo(WindowBed.pattern(2 * WINDOW + 100, 1));
            fails(() -> bed.read(second, 0, BYTES));
            fails(() -> bed.read(second, 2L * WINDOW, 200));
            assertThat(bed.read(second, 2L * WINDOW, 100)).hasSize(100);
        }
    }

    @Test
    default void loansAreInPlaceOrPrivateAsTheTableSays() throws IOException {
        try (WindowBed bed = bed()) {
            for (FileTrust trust : FileTrust.values()) {
                MappedFile file = bed.open(content(), trust, tier());
                boolean isCopied = trust == FileTrust.FOREIGN || file.tier() == WindowTier.BYPASS;
                try (Window window = lend(bed, file, WindowFlag.READ)) {
                    assertThat(window.isPrivate()).isEqualTo(isCopied);
                }
                if (trust == FileTrust.OWNED) {
                    lend(bed, file, WindowFlag.WRITE).close();
                    file.truncate(BYTES);
                } else {
                    assertThatThrownBy(() -> lend(bed, file, WindowFlag.WRITE))
                            .isInstanceOf(IllegalStateException.class);
                    assertThatThrownBy(() -> file.truncate(1)).isInstanceOf(IllegalStateException.class);
                    assertThatThrownBy(() -> bed.write(file, 0, (byte) 1)).isInstanceOf(IllegalStateException.class);
                }
            }
        }
    }

    @Test
    default void windowOnATruncatedFileIsACopyOrShowsTheTruncation() throws IOException {
        for (FileTrust trust : FileTrust.values()) {
            Path path = content();
            try (WindowBed bed = bed();
                    MappedFile file = bed.open(path, trust, tier());
                    Window window = lend(bed, file, WindowFlag.READ)) {
                WindowBed.truncateAsOthers(path, 50);
                byte[] expected = WindowBed.pattern(100, 1);
                if (!window.isPrivate()) {
                    for (int i = 50; i < 100; i++) {
                        expected[i] = 0;
                    }
                }
                assertThat(OffHeap.segment(window.address(), 100).toArray(ValueLayout.JAVA_BYTE))
                        .isEqualTo(expected);
            }
        }
    }

    private static void fails(ThrowingCallable call) {
        assertThatThrownBy(call).isInstanceOf(IOException.class);
    }

    /// Reads all of a file until its parts have windows, if its tier has windows.
    private static void touchAll(WindowBed bed, MappedFile file) throws IOException {
        for (int touch = 0; touch < 3; touch++) {
            assertThat(bed.read(file, 0, BYTES)).isEqualTo(WindowBed.pattern(BYTES, 1));
        }
    }

    private Path content() throws IOException {
        return WindowBed.foreign(folder(), WindowBed.pattern(BYTES, 1));
    }

    private static Window lend(WindowBed bed, MappedFile file, int flag) throws IOException {
        return Objects.requireNonNull(bed.cache.alloc(file, 0, 100, AccessAdvice.NORMAL, flag));
    }
}
