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

/// The cells of the table in the package's description, on every tier.
interface WindowTrustContract extends WindowTierFixture {

    int BYTES = 3 * WINDOW;

    /// Within a page, at a page, and all.
    List<Integer> CUTS = List.of(2 * WINDOW + 100, 2 * WINDOW, 1, 0);

    @Test
    default void fileThatOthersCutBeforeIsRefusedOrEndsThere() throws IOException {
        for (FileTrust trust : FileTrust.values()) {
            for (int cut : CUTS) {
                try (WindowBed bed = bed()) {
                    Path path = content();
                    MappedFile file = bed.open(path, trust, tier());
                    touchAll(bed, file);
                    WindowBed.cutAsOthers(path, cut);
                    if (trust == FileTrust.OWNED) {
                        assertThat(file.byteSize()).isEqualTo(BYTES);
                        for (int again = 0; again < 2; again++) {
                            refuses(() -> bed.read(file, 0, BYTES));
                            refuses(() -> bed.read(file, cut, 1));
                            refuses(() -> bed.read(file, Math.max(cut - 50, 0), 100));
                            refuses(() -> bed.read(file, BYTES - 10, 10));
                        }
                    } else {
                        if (trust == FileTrust.IMMUTABLE) {
                            refuses(() -> bed.read(file, 0, BYTES));
                        }
                        assertThat(file.byteSize()).isEqualTo(cut);
                        assertThat(bed.read(file, 0, BYTES)).isEqualTo(WindowBed.pattern(cut, 1));
                        assertThat(bed.read(file, cut, 10)).isEmpty();
                    }
                    assertThat(bed.read(file, 0, cut)).isEqualTo(WindowBed.pattern(cut, 1));
                }
            }
        }
    }

    @Test
    default void cutIsNeverReadAsZeroes() throws IOException {
        for (FileTrust trust : FileTrust.values()) {
            for (int cut : CUTS) {
                Path path = content();
                try (WindowBed bed = bed();
                        Arena arena = Arena.ofConfined();
                        MappedFile file = bed.open(path, trust, tier())) {
                    touchAll(bed, file);
                    WindowBed.cutAsOthers(path, cut);
                    MemorySegment to = arena.allocate(BYTES);
                    refuses(() -> bed.cache.read(file, 0, to));
                    refuses(() -> bed.cache.checksum(file, 0, BYTES));
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
                    assertThat(bytes.toByteArray()).isEqualTo(WindowBed.pattern(cut, 1));
                }
            }
        }
    }

    @Test
    default void ownedFileThatWasCutThroughAnotherObjectIsRefused() throws IOException {
        try (WindowBed bed = bed()) {
            Path path = content();
            MappedFile first = bed.open(path, FileTrust.OWNED, tier());
            MappedFile second = bed.open(path, FileTrust.OWNED, tier());
            touchAll(bed, second);
            first.truncate(2 * WINDOW + 100);
            assertThat(bed.read(first, 0, BYTES)).isEqualTo(WindowBed.pattern(2 * WINDOW + 100, 1));
            refuses(() -> bed.read(second, 0, BYTES));
            refuses(() -> bed.read(second, 2L * WINDOW, 200));
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
    default void windowOnACutFileIsACopyOrShowsTheCut() throws IOException {
        for (FileTrust trust : FileTrust.values()) {
            Path path = content();
            try (WindowBed bed = bed();
                    MappedFile file = bed.open(path, trust, tier());
                    Window window = lend(bed, file, WindowFlag.READ)) {
                WindowBed.cutAsOthers(path, 50);
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

    private static void refuses(ThrowingCallable call) {
        assertThatThrownBy(call).isInstanceOf(IOException.class);
    }

    /// Reads all of a file until its parts have windows, if they are to have some.
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
