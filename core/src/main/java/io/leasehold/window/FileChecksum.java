package io.leasehold.window;

import static io.leasehold.text.Texts.format;

import io.leasehold.memory.OffHeap;
import java.io.EOFException;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.zip.CRC32C;

/// Computes checksums of ranges of files, block by block through a staging run.
///
/// **Threads.** Thread-safe.
final class FileChecksum {

    private final WindowReads reads; // (C)
    private final StagingRuns staging; // (C)

    FileChecksum(WindowReads reads, StagingRuns staging) {
        this.reads = reads;
        this.staging = staging;
    }

    /// {@return the CRC-32C of a range}
    ///
    /// @throws EOFException if the file ends within the range
    /// @throws IOException if a system call fails
    long of(MappedFile file, long byteOffset, long byteSize) throws IOException {
        CRC32C crc = new CRC32C();
        StagingRuns.Run run = staging.take();
        try {
            for (long at = 0; at < byteSize; ) {
                MemorySegment block = OffHeap.segment(run.address(), Math.min(byteSize - at, StagingRuns.BYTES));
                long count = reads.read(file, byteOffset + at, block);
                if (count == 0) {
                    throw new EOFException(format(
                            "file ends within the range: file=%s, byteOffset=%d, byteSize=%d, end=%d",
                            file.path(), byteOffset, byteSize, byteOffset + at));
                }
                crc.update(block.asSlice(0, count).asByteBuffer());
                at += count;
            }
        } finally {
            staging.giveBack(run);
        }
        return crc.getValue();
    }
}
