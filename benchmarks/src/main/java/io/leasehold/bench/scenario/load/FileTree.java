package io.leasehold.bench.scenario.load;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.SplittableRandom;

/// The files that a server sends, known to both ends: sizes from a seed, and [Content].
public final class FileTree {

    private static final long SEED = 1998;
    private static final int COUNT = 200;
    private static final int LARGE_COUNT = 3;
    private static final int LARGE_BYTES = 32 << 20;
    private static final int MIN_POWER = 10;
    private static final int MAX_POWER = 22;

    private final int[] byteSizes; // (C)

    private FileTree(int... byteSizes) {
        this.byteSizes = byteSizes;
    }

    /// {@return 200 files from 1 KiB to 4 MiB, with the same number for each power of two, and three of 32 MiB: about
    /// 200 MiB}
    public static FileTree standard() {
        SplittableRandom random = new SplittableRandom(SEED);
        int[] byteSizes = new int[COUNT + LARGE_COUNT];
        for (int i = 0; i < byteSizes.length; i++) {
            byteSizes[i] = i < COUNT ? (int) Math.pow(2, random.nextDouble(MIN_POWER, MAX_POWER)) : LARGE_BYTES;
        }
        return new FileTree(byteSizes);
    }

    /// {@return the number of files}
    public int count() {
        return byteSizes.length;
    }

    /// {@return the length of a file in bytes}
    ///
    /// @param file number of the file
    public int byteSize(int file) {
        return byteSizes[file];
    }

    /// {@return the name of a file}
    ///
    /// @param file number of the file
    public static String name(int file) {
        return "file-" + file + ".bin";
    }

    /// Writes all files in pieces of 1 MiB, so that the page cache uses large folios where it can.
    ///
    /// @param folder of the files
    public void write(Path folder) throws IOException {
        for (int file = 0; file < count(); file++) {
            try (OutputStream out = Files.newOutputStream(folder.resolve(name(file)))) {
                for (int at = 0; at < byteSizes[file]; at += Content.MAX_BYTES) {
                    int count = Math.min(Content.MAX_BYTES, byteSizes[file] - at);
                    out.write(Content.bytes(Content.pieceId(file, at / Content.MAX_BYTES), count));
                }
            }
        }
    }
}
