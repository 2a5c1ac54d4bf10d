package io.leasehold.window;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.leasehold.memory.OffHeap;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.channels.Channels;
import java.nio.channels.ReadableByteChannel;
import java.nio.file.Files;
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
                try (WindowCacheFixture fixture = fixture()) {
                    Path path = content();
                    MappedFile file = fixture.open(path, trust, tier());
                    touchAll(fixture, file);
                    WindowCacheFixture.truncateAsOthers(path, newEnd);
                    if (trust == FileTrust.OWNED) {
                        assertThat(file.byteSize()).isEqualTo(BYTES);
                        for (int again = 0; again < 2; again++) {
                            fails(() -> fixture.read(file, 0, BYTES));
                            fails(() -> fixture.read(file, newEnd, 1));
                            fails(() -> fixture.read(file, Math.max(newEnd - 50, 0), 100));
                            fails(() -> fixture.read(file, BYTES - 10, 10));
                        }
                    } else {
                        if (trust == FileTrust.IMMUTABLE) {
                            fails(() -> fixture.read(file, 0, BYTES));
                        }
                        assertThat(file.byteSize()).isEqualTo(newEnd);
                        assertThat(fixture.read(file, 0, BYTES)).isEqualTo(WindowCacheFixture.pattern(newEnd, 1));
                        assertThat(fixture.read(file, newEnd, 10)).isEmpty();
                    }
                    assertThat(fixture.read(file, 0, newEnd)).isEqualTo(WindowCacheFixture.pattern(newEnd, 1));
                }
            }
        }
    }

    @Test
    default void truncationIsNeverReadAsZeroes() throws IOException {
        for (FileTrust trust : FileTrust.values()) {
            for (int newEnd : LENGTHS) {
                Path path = content();
                try (WindowCacheFixture fixture = fixture();
                        Arena arena = Arena.ofConfined();
                        MappedFile file = fixture.open(path, trust, tier())) {
                    touchAll(fixture, file);
                    WindowCacheFixture.truncateAsOthers(path, newEnd);
                    MemorySegment to = arena.allocate(BYTES);
                    fails(() -> fixture.cache.read(file, 0, to));
                    fails(() -> fixture.cache.checksum(file, 0, BYTES));
                    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
                    try {
                        fixture.cache.uiomove(
                                file,
                                Uio.reading(0, BYTES, Channels.newChannel(bytes)),
                                AccessAdvice.NORMAL,
                                WindowFlag.READ);
                        assertThat(trust).isNotEqualTo(FileTrust.OWNED);
                    } catch (IOException e) {
                        assertThat(trust).isEqualTo(FileTrust.OWNED);
                    }
                    assertThat(bytes.toByteArray()).isEqualTo(WindowCacheFixture.pattern(newEnd, 1));
                }
            }
        }
    }

    @Test
    default void ownedFileTruncatedThroughAnotherObjectIsAnError() throws IOException {
        try (WindowCacheFixture fixture = fixture()) {
            Path path = content();
            MappedFile first = fixture.open(path, FileTrust.OWNED, tier());
            MappedFile second = fixture.cache.open(path, reader());
            touchAll(fixture, second);
            first.truncate(2 * WINDOW + 100);
            assertThat(fixture.read(first, 0, BYTES)).isEqualTo(WindowCacheFixture.pattern(2 * WINDOW + 100, 1));
            fails(() -> fixture.read(second, 0, BYTES));
            fails(() -> fixture.read(second, 2L * WINDOW, 200));
            assertThat(fixture.read(second, 2L * WINDOW, 100)).hasSize(100);
        }
    }

    /// With two writers, the next write of one would zero what the other has written behind the length that it knows.
    @Test
    default void fileHasOneWriterInACache() throws IOException {
        Path path = content();
        Path link = Files.createLink(folder().resolve("link"), path);
        assumeTrue(Files.getFileStore(path).supportsFileAttributeView("unix"), "files have no numbers here");
        try (WindowCacheFixture fixture = fixture()) {
            MappedFile writer = fixture.open(path, FileTrust.OWNED, tier());
            for (Path again : List.of(path, link)) {
                assertThatThrownBy(() -> fixture.open(again, FileTrust.OWNED, tier()))
                        .isInstanceOf(IllegalStateException.class)
                        .hasMessageContainingAll("file=" + again, "writer=" + path);
            }
            byte[] grown = WindowCacheFixture.pattern(100, 2);
            fixture.write(writer, BYTES, grown);
            writer.force();
            MappedFile reader = fixture.cache.open(link, reader());
            assertThat(fixture.read(reader, BYTES, 200)).isEqualTo(grown);
            reader.close();
            writer.close();
            MappedFile next = fixture.open(link, FileTrust.OWNED, tier());
            fixture.write(next, BYTES + 150, (byte) 1);
            assertThat(fixture.read(next, BYTES, 100)).isEqualTo(grown);
        }
    }

    /// A write would fill the gap with zeroes, and readers would take them for content.
    @Test
    default void ownedFileTruncatedByOthersIsNotWrittenBehindItsEnd() throws IOException {
        for (int newEnd : LENGTHS) {
            try (WindowCacheFixture fixture = fixture()) {
                Path path = content();
                MappedFile file = fixture.open(path, FileTrust.OWNED, tier());
                touchAll(fixture, file);
                WindowCacheFixture.truncateAsOthers(path, newEnd);
                ReadableByteChannel source = Channels.newChannel(new ByteArrayInputStream(new byte[20]));
                fails(() -> fixture.write(file, newEnd + 10, (byte) 1));
                fails(() -> fixture.write(file, BYTES, (byte) 1));
                fails(() -> fixture.cache.uiomove(
                        file, Uio.writing(BYTES - 10, 20, source), AccessAdvice.NORMAL, WindowFlag.WRITE));
                fails(() -> fixture.cache.zerorange(file, newEnd, 10, 0));
                fails(() -> fixture.cache.zerorange(file, BYTES + 5, 4L * WINDOW, 0));
                fails(() -> file.truncate(BYTES));
                fails(() -> file.truncate(newEnd + 1));
                fails(() -> file.truncate(9L * BYTES));
                fails(() -> lend(fixture, file, WindowFlag.WRITE));
                fails(() -> fixture.cache.alloc(file, BYTES - 9, 20, AccessAdvice.NORMAL, WindowFlag.WRITE));
                assertThat(Files.size(path)).isEqualTo(newEnd);
                assertThat(file.byteSize()).isEqualTo(BYTES);
                fails(() -> fixture.read(file, 0, BYTES));
                file.truncate(newEnd);
                fixture.write(file, newEnd, (byte) 1);
                assertThat(fixture.read(file, newEnd, 10)).containsExactly(1);
            }
        }
    }

    @Test
    default void windowForWritingOnATruncatedFileIsAnErrorAtItsRelease() throws IOException {
        try (WindowCacheFixture fixture = fixture()) {
            Path path = content();
            MappedFile file = fixture.open(path, FileTrust.OWNED, tier());
            Window window = lend(fixture, file, WindowFlag.WRITE);
            WindowCacheFixture.truncateAsOthers(path, 50);
            fails(window::close);
            assertThat(Files.size(path)).isEqualTo(50);
            fails(() -> fixture.read(file, 0, 100));
        }
    }

    @Test
    default void loansAreInPlaceOrPrivateAsTheTableSays() throws IOException {
        try (WindowCacheFixture fixture = fixture()) {
            for (FileTrust trust : FileTrust.values()) {
                MappedFile file = fixture.open(content(), trust, tier());
                boolean isCopied = trust == FileTrust.FOREIGN || file.tier() == WindowTier.BYPASS;
                try (Window window = lend(fixture, file, WindowFlag.READ)) {
                    assertThat(window.isPrivate()).isEqualTo(isCopied);
                }
                if (trust == FileTrust.OWNED) {
                    lend(fixture, file, WindowFlag.WRITE).close();
                    file.truncate(BYTES);
                } else {
                    assertThatThrownBy(() -> lend(fixture, file, WindowFlag.WRITE))
                            .isInstanceOf(IllegalStateException.class);
                    assertThatThrownBy(() -> file.truncate(1)).isInstanceOf(IllegalStateException.class);
                    assertThatThrownBy(() -> fixture.write(file, 0, (byte) 1))
                            .isInstanceOf(IllegalStateException.class);
                }
            }
        }
    }

    @Test
    default void windowOnATruncatedFileIsACopyOrShowsTheTruncation() throws IOException {
        for (FileTrust trust : FileTrust.values()) {
            Path path = content();
            try (WindowCacheFixture fixture = fixture();
                    MappedFile file = fixture.open(path, trust, tier());
                    Window window = lend(fixture, file, WindowFlag.READ)) {
                WindowCacheFixture.truncateAsOthers(path, 50);
                byte[] expected = WindowCacheFixture.pattern(100, 1);
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
    private static void touchAll(WindowCacheFixture fixture, MappedFile file) throws IOException {
        for (int touch = 0; touch < 3; touch++) {
            assertThat(fixture.read(file, 0, BYTES)).isEqualTo(WindowCacheFixture.pattern(BYTES, 1));
        }
    }

    private MappedFileOptions reader() {
        return new MappedFileOptions(FileTrust.OWNED, false, false, tier());
    }

    private Path content() throws IOException {
        return WindowCacheFixture.foreign(folder(), WindowCacheFixture.pattern(BYTES, 1));
    }

    private static Window lend(WindowCacheFixture fixture, MappedFile file, int flag) throws IOException {
        return Objects.requireNonNull(fixture.cache.alloc(file, 0, 100, AccessAdvice.NORMAL, flag));
    }
}
