package io.leasehold.window;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.leasehold.error.Errno;
import io.leasehold.os.FaultyFiles.Call;
import io.leasehold.os.VirtualMemory;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;

/// Force of an OWNED file, and the reports of disk failures, on every tier.
interface WindowForceContract extends WindowTierFixture {

    long PAGE = VirtualMemory.system().pageSize();

    @Test
    default void nothingIsForcedOfACleanFile() throws IOException {
        Syncs syncs = new Syncs();
        try (WindowCacheFixture fixture = new WindowCacheFixture(WindowCacheFixture.options(4, 4), syncs)) {
            MappedFile file = fixture.open(folder().resolve("new"), FileTrust.OWNED, tier());
            file.force();
            file.force(0, Long.MAX_VALUE);
            fixture.write(file, 0, (byte) 1);
            file.force();
            syncs.were("0..1");
            fixture.read(file, 0, 9);
            file.force();
            file.force(0, 1);
            syncs.were();
            MappedFile foreign = fixture.open(file.path(), FileTrust.FOREIGN, tier());
            foreign.force();
            syncs.were();
        }
    }

    @Test
    default void exactlyTheDirtyPagesAreForced() throws IOException {
        Syncs syncs = new Syncs();
        try (WindowCacheFixture fixture = new WindowCacheFixture(
                WindowCacheFixture.options(4, 4).toBuilder()
                        .dirtyByteSize(1 << 20)
                        .build(),
                syncs)) {
            MappedFile file = fixture.open(folder().resolve("new"), FileTrust.OWNED, tier());
            fixture.write(file, 0, WindowCacheFixture.pattern((int) (40 * PAGE), 1));
            file.force();
            syncs.were("0..40");

            fixture.write(file, 3 * PAGE + 5, (byte) 1);
            fixture.cache.zerorange(file, 8 * PAGE - 1, 2, 0);
            store(fixture, file, 20 * PAGE + 9, PAGE, 0);
            store(fixture, file, 30 * PAGE, 2 * PAGE, WindowFlag.FAULTBUSY);
            file.force(10 * PAGE, 10 * PAGE);
            syncs.were();
            file.force(0, 4 * PAGE);
            syncs.were("3..4");
            file.force(8 * PAGE, 1);
            syncs.were("8..9");
            file.force(8 * PAGE + 100, 23 * PAGE - 100);
            syncs.were("20..31");
            file.force();
            syncs.were("7..32");
            file.force();
            syncs.were();
        }
    }

    @Test
    default void growthOverAHoleIsForcedAsAWhole() throws IOException {
        Syncs syncs = new Syncs();
        try (WindowCacheFixture fixture = new WindowCacheFixture(WindowCacheFixture.options(4, 4), syncs)) {
            MappedFile file = fixture.open(folder().resolve("new"), FileTrust.OWNED, tier());
            fixture.write(file, 0, (byte) 1, (byte) 2);
            file.force();
            fixture.write(file, 5 * PAGE, (byte) 3);
            syncs.were("0..1");
            file.force(3 * PAGE, 1);
            syncs.were("all");
            fixture.write(file, 5 * PAGE + 1, (byte) 3);
            file.force();
            syncs.were("5..6");
        }
    }

    @Test
    default void changedLengthIsForcedAsAWhole() throws IOException {
        Syncs syncs = new Syncs();
        try (WindowCacheFixture fixture = new WindowCacheFixture(WindowCacheFixture.options(4, 4), syncs)) {
            MappedFile file = fixture.open(folder().resolve("new"), FileTrust.OWNED, tier());
            fixture.write(file, 0, WindowCacheFixture.pattern((int) (9 * PAGE), 1));
            file.truncate(2 * PAGE);
            file.force(0, 1);
            syncs.were("all");
            file.truncate(5 * PAGE);
            fixture.files.failOnce(Call.SYNC, 1, Errno.EIO);
            assertThatThrownBy(file::force).isInstanceOf(IOException.class);
            file.force();
            syncs.were("failed", "all");
            file.force();
            syncs.were();
        }
    }

    @Test
    default void failedRangeStaysFailedUntilItIsWrittenAgain() throws IOException {
        Syncs syncs = new Syncs();
        try (WindowCacheFixture fixture = new WindowCacheFixture(WindowCacheFixture.options(4, 4), syncs)) {
            MappedFile file = fixture.open(folder().resolve("new"), FileTrust.OWNED, tier());
            fixture.write(file, 0, WindowCacheFixture.pattern((int) (9 * PAGE), 1));
            file.force();
            fixture.write(file, 2 * PAGE, WindowCacheFixture.pattern((int) PAGE, 2));
            fixture.write(file, 8 * PAGE + 50, (byte) 1);
            fixture.files.failOnce(Call.SYNC_RANGE, 1, Errno.EIO);
            assertThatThrownBy(() -> file.force(0, 4 * PAGE))
                    .isInstanceOf(IOException.class)
                    .hasMessageContainingAll(file.path().toString(), "cannot force", failed(2, 3), "EIO");
            syncs.were("0..9", "failed");

            // also outside the range: the error may belong to any unforced page
            assertThatThrownBy(() -> file.force(8 * PAGE, PAGE))
                    .isInstanceOf(IOException.class)
                    .hasMessageContainingAll(failed(8, 9), "EIO");
            assertThatThrownBy(file::force).isInstanceOf(IOException.class);
            syncs.were();
            file.force(4 * PAGE, 4 * PAGE);

            fixture.write(file, 2 * PAGE, WindowCacheFixture.pattern(100, 2));
            file.force(2 * PAGE, 100);
            assertThatThrownBy(() -> file.force(2 * PAGE, 101)).isInstanceOf(IOException.class);
            if (store(fixture, file, 3 * PAGE - 9, 9, 0)) {
                file.force(3 * PAGE - 9, 9); // a private copy is written at its release
            } else {
                assertThatThrownBy(() -> file.force(3 * PAGE - 9, 9)).isInstanceOf(IOException.class);
            }
            fixture.write(file, 2 * PAGE + 100, WindowCacheFixture.pattern((int) PAGE - 100, 2));
            file.force(0, 8 * PAGE);
            file.truncate(8 * PAGE);
            file.force();
        }
    }

    @Test
    default void pageAtTheEndIsWrittenAgainUpToTheEnd() throws IOException {
        try (WindowCacheFixture fixture = fixture()) {
            MappedFile file = fixture.open(folder().resolve("new"), FileTrust.OWNED, tier());
            fixture.write(file, 0, (byte) 1, (byte) 2);
            fixture.files.failOnce(Call.SYNC_RANGE, 1, Errno.ENOSPC);
            assertThatThrownBy(file::force).hasMessageContaining("ENOSPC");
            fixture.write(file, 0, (byte) 1, (byte) 2);
            file.force();
            fixture.write(file, 5, (byte) 3);
            file.force();
        }
    }

    /// An error that [io.leasehold.os.Files#writeBack] receives is not reported again by the kernel.
    @Test
    default void forceReportsFailuresOfEarlyWriteBack() throws IOException {
        try (WindowCacheFixture fixture = fixture()) {
            MappedFile file = fixture.open(folder().resolve("new"), FileTrust.OWNED, tier());
            fixture.files.failOnce(Call.WRITE_BACK, 1, Errno.EIO);
            byte[] content = WindowCacheFixture.pattern(4 * WINDOW, 1);
            fixture.write(file, 0, content);
            assertThat(fixture.files.injected()).isEqualTo(1);
            assertThatThrownBy(file::force)
                    .isInstanceOf(IOException.class)
                    .hasMessageContainingAll("failed=[0..", "EIO");
            assertThat(fixture.read(file, 0, content.length)).isEqualTo(content);
            fixture.write(file, 0, content);
            file.force();
        }
    }

    @Test
    default void storesDuringAFailureCountAsFailed() throws IOException {
        try (WindowCacheFixture fixture = fixture()) {
            MappedFile file = fixture.open(folder().resolve("new"), FileTrust.OWNED, tier());
            fixture.write(file, 0, WindowCacheFixture.pattern((int) (9 * PAGE), 1));
            file.force();
            Window window = alloc(fixture, file, PAGE, PAGE, 0);
            fixture.write(file, 0, (byte) 3);
            fixture.files.failOnce(Call.SYNC_RANGE, 1, Errno.EIO);
            assertThatThrownBy(file::force).isInstanceOf(IOException.class);
            fixture.write(file, 0, WindowCacheFixture.pattern((int) PAGE, 1));
            boolean isPrivate = window.isPrivate();
            window.close();
            if (isPrivate) {
                file.force(); // a private copy is written at its release
            } else {
                assertThatThrownBy(file::force).isInstanceOf(IOException.class).hasMessageContaining(failed(1, 2));
            }
        }
    }

    /// The model kernel starts no write-back by itself, and a page in flight counts as dirty until a thread waits for
    /// it.
    @Test
    default void dirtyBytesAreBounded() throws IOException {
        DirtyPages dirty = new DirtyPages();
        long bound = 3L * WINDOW;
        try (WindowCacheFixture fixture = new WindowCacheFixture(
                WindowCacheFixture.options(4, 16).toBuilder()
                        .dirtyByteSize(bound)
                        .build(),
                dirty)) {
            MappedFile file = fixture.open(folder().resolve("new"), FileTrust.OWNED, tier());
            fixture.write(file, 0, WindowCacheFixture.pattern(40 * WINDOW, 1));
            dirty.checkAndRestart(bound, 2 * bound + WINDOW);
            for (int i = 0; i < 40; i++) {
                fixture.write(file, i * 13L % 40 * WINDOW, WindowCacheFixture.pattern(WINDOW, 2));
            }
            dirty.checkAndRestart(bound, 2 * bound + WINDOW);
            fixture.cache.zerorange(file, 0, 40L * WINDOW, 0);
            dirty.checkAndRestart(bound, 2 * bound + StagingRuns.BYTES);
            for (int i = 0; i < 40; i++) {
                long from = i * 7L % 40 * WINDOW;
                Window window = alloc(fixture, file, from, WINDOW, i % 2 == 0 ? 0 : WindowFlag.FAULTBUSY);
                if (!window.isPrivate()) {
                    dirty.written(from, new byte[(int) window.byteSize()]);
                }
                window.close();
            }
            dirty.checkAndRestart(bound, 2 * bound + WINDOW);
            file.durability.checkInvariants();
        }
    }

    @Test
    default void onlyRangesOfOpenFilesAreForced() throws IOException {
        try (WindowCacheFixture fixture = fixture()) {
            MappedFile file = fixture.open(folder().resolve("new"), FileTrust.OWNED, tier());
            assertThatThrownBy(() -> file.force(-1, 5))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("byteOffset=-1, byteSize=5");
            assertThatThrownBy(() -> file.force(2, Long.MAX_VALUE)).isInstanceOf(IllegalArgumentException.class);
            file.close();
            assertThatThrownBy(file::force).isInstanceOf(IllegalStateException.class);
        }
    }

    private static String failed(long firstPage, long endPage) {
        return "failed=[" + firstPage * PAGE + ".." + endPage * PAGE + "]";
    }

    /// {@return true if the window was a private copy}
    private static boolean store(WindowCacheFixture fixture, MappedFile file, long from, long byteSize, int flags)
            throws IOException {
        try (Window window = alloc(fixture, file, from, byteSize, flags)) {
            assertThat(window.byteSize()).isEqualTo(byteSize);
            window.segment().copyFrom(MemorySegment.ofArray(WindowCacheFixture.pattern((int) byteSize, 7)));
            return window.isPrivate();
        }
    }

    private static Window alloc(WindowCacheFixture fixture, MappedFile file, long from, long byteSize, int flags)
            throws IOException {
        return Objects.requireNonNull(
                fixture.cache.alloc(file, from, byteSize, AccessAdvice.NORMAL, WindowFlag.WRITE | flags));
    }

    /// Records the forced ranges, in pages, since the last check.
    final class Syncs implements WatchedFiles.Watcher {
        private final List<String> syncs = new ArrayList<>();

        @Override
        public void synced(long from, long end, boolean isDone) {
            assertThat(from % PAGE).isZero();
            String pages = end == Long.MAX_VALUE ? "all" : from / PAGE + ".." + end / PAGE;
            syncs.add(isDone ? pages : "failed");
        }

        void were(String... expected) {
            assertThat(syncs).containsExactly(expected);
            syncs.clear();
        }
    }
}
