package io.leasehold.window;

import io.leasehold.memory.Seeds;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Objects;
import java.util.SplittableRandom;

/// Main class of the JVMs that [FullDiskTest] starts: fills a small disk, and reads, writes and lends on it while it is
/// full. Each failure is an [IOException] that names the place; nothing faults.
final class FullDiskProgram {

    private static final int WINDOW = WindowCacheFixture.WINDOW_BYTES;

    /// Size of the sparse file: larger than the free space of the full disk, smaller than the disk.
    private static final int SPARSE_BYTES = 24 * WINDOW;

    private static final int TOO_MANY_BYTES = 16 << 20;

    /// Disk space is freed in steps of this size, so that it ends inside a window.
    private static final int STEP_BYTES = 9 * 1024;

    private final WindowCacheFixture fixture; // (C)
    private final Path folder; // (C)
    private final WindowTier tier; // (C)
    private final SplittableRandom random; // (C)
    private final byte[] content = new byte[SPARSE_BYTES]; // (C) expected content of the sparse file

    private FullDiskProgram(WindowCacheFixture fixture, Path folder, WindowTier tier, SplittableRandom random) {
        this.fixture = fixture;
        this.folder = folder;
        this.tier = tier;
        this.random = random;
    }

    /// A step that may fail because the disk is full.
    private interface Step {
        void run() throws IOException;
    }

    /// Fills the disk once for each tier.
    ///
    /// @param arguments mount point of the disk
    public static void main(String[] arguments) throws IOException {
        SplittableRandom random = Seeds.random("FullDiskTest");
        for (WindowTier tier : WindowTier.values()) {
            try (WindowCacheFixture fixture = new WindowCacheFixture(WindowCacheFixture.options(4, 64))) {
                new FullDiskProgram(fixture, Path.of(arguments[0]), tier, random.split()).run();
            }
        }
        System.out.println("end=reached");
    }

    private void run() throws IOException {
        Path path = folder.resolve("sparse");
        Path filler = folder.resolve("filler");
        MappedFile sparse = fixture.open(path, FileTrust.OWNED, tier);
        MappedFile full = fixture.open(filler, FileTrust.OWNED, tier);
        sparse.truncate(SPARSE_BYTES);
        long freeBefore = freeBytes();
        expectFailure(sparse, () -> fixture.cache.zerorange(sparse, SPARSE_BYTES, TOO_MANY_BYTES, 0));
        expectFailure(sparse, () -> fixture.write(sparse, SPARSE_BYTES, new byte[TOO_MANY_BYTES]));
        require(
                freeBytes() >= freeBefore - WINDOW,
                "disk space is lost: before=" + freeBefore + ", after=" + freeBytes());
        fill(full);
        expectFailure(sparse, () -> fixture.write(sparse, WINDOW, WindowCacheFixture.pattern(WINDOW, 1)));
        expectFailure(sparse, () -> fixture.write(sparse, SPARSE_BYTES, WindowCacheFixture.pattern(WINDOW, 1)));
        expectFailure(sparse, () -> fixture.cache.zerorange(sparse, SPARSE_BYTES + 9, WINDOW, 0));
        for (int flags : new int[] {0, WindowFlag.FAULTBUSY}) {
            expectFailure(sparse, () -> store(sparse, 3 * WINDOW + 7, WINDOW, flags));
            expectFailure(sparse, () -> store(sparse, SPARSE_BYTES, WINDOW, flags));
        }
        check(sparse);
        // existing bytes can be overwritten, also in place
        fixture.write(full, 0, WindowCacheFixture.pattern(WINDOW, 9));
        try (Window window = alloc(full, WINDOW, WINDOW, WindowFlag.WRITE)) {
            window.segment().fill((byte) 5);
        }
        int stored = 0;
        for (long left = full.byteSize(); left > 0; left -= STEP_BYTES) {
            full.truncate(Math.max(0, left - STEP_BYTES));
            for (int i = 0; i < 4; i++) {
                stored += storeAnywhere(sparse) ? 1 : 0;
            }
            if (left / STEP_BYTES % 64 == 0) {
                check(sparse);
            }
        }
        full.truncate(0);
        check(sparse);
        fixture.write(sparse, 0, WindowCacheFixture.pattern(SPARSE_BYTES, 2));
        System.arraycopy(WindowCacheFixture.pattern(SPARSE_BYTES, 2), 0, content, 0, SPARSE_BYTES);
        check(sparse);
        System.out.println(tier + ": stored=" + stored);
        sparse.close();
        full.close();
        Files.delete(path);
        Files.delete(filler);
    }

    /// Writes until the disk has no free byte.
    private void fill(MappedFile full) throws IOException {
        for (int piece = 16 * WINDOW; piece > 0; piece /= 4) {
            byte[] bytes = WindowCacheFixture.pattern(piece, 3);
            long end = full.byteSize();
            while (!isRefused(full, () -> fixture.write(full, full.byteSize(), bytes))) {
                end += piece;
                require(Arrays.equals(fixture.read(full, end - piece, piece + 1), bytes), "what was written: " + full);
            }
            // a write of at most one transfer may have been written in part
            long most = end + (piece > StagingRuns.BYTES ? 0 : piece - 1);
            require(full.byteSize() >= end && full.byteSize() <= most, "length after a failure: " + full);
            require(Files.size(full.path()) == full.byteSize(), "length seen outside the cache is wrong: " + full);
        }
    }

    /// Stores in place into a part of the sparse file, which may need more disk space than there is.
    private boolean storeAnywhere(MappedFile sparse) throws IOException {
        int from = random.nextInt(SPARSE_BYTES);
        int byteSize = random.nextInt(1, Math.min(WINDOW, SPARSE_BYTES - from) + 1);
        int flags = random.nextBoolean() ? WindowFlag.FAULTBUSY : 0;
        return !isRefused(sparse, () -> store(sparse, from, byteSize, flags));
    }

    private void store(MappedFile sparse, int from, int byteSize, int flags) throws IOException {
        byte[] bytes;
        try (Window window = alloc(sparse, from, byteSize, WindowFlag.WRITE | flags)) {
            bytes = WindowCacheFixture.pattern((int) window.byteSize(), from);
            window.segment().copyFrom(MemorySegment.ofArray(bytes));
        }
        System.arraycopy(bytes, 0, content, from, bytes.length);
    }

    private Window alloc(MappedFile file, long from, int byteSize, int flags) throws IOException {
        return Objects.requireNonNull(fixture.cache.alloc(file, from, byteSize, AccessAdvice.NORMAL, flags));
    }

    /// Reads the sparse file with every trust, twice, so that it is mapped; including its holes.
    private void check(MappedFile sparse) throws IOException {
        for (FileTrust trust : FileTrust.values()) {
            MappedFileOptions reader = new MappedFileOptions(trust, false, false, tier); // beside the one writer
            try (MappedFile file = fixture.cache.open(sparse.path(), reader)) {
                for (int i = 0; i < 2; i++) {
                    byte[] bytes = fixture.read(file, 0, SPARSE_BYTES + 1);
                    require(Arrays.equals(bytes, content), trust + ": mismatch=" + Arrays.mismatch(bytes, content));
                }
            }
        }
        byte[] bytes = fixture.read(sparse, 0, SPARSE_BYTES + 1);
        require(Arrays.equals(bytes, content), sparse + ": mismatch=" + Arrays.mismatch(bytes, content));
        require(
                Arrays.equals(Files.readAllBytes(sparse.path()), content),
                "content seen outside the cache is wrong: " + sparse);
    }

    private long freeBytes() throws IOException {
        return Files.getFileStore(folder).getUnallocatedSpace();
    }

    private static void expectFailure(MappedFile file, Step step) {
        require(isRefused(file, step), "step did not fail on a full disk: " + file);
    }

    private static boolean isRefused(MappedFile file, Step step) {
        try {
            step.run();
            return false;
        } catch (IOException e) {
            String message = String.valueOf(e.getMessage());
            boolean isWhole = message.contains("file=" + file.path())
                    && message.contains("byteOffset=")
                    && message.contains("byteSize=");
            require(isWhole && message.contains("ENOSPC"), "message: " + message);
            return true;
        }
    }

    private static void require(boolean holds, String what) {
        if (!holds) {
            throw new AssertionError(what);
        }
    }
}
