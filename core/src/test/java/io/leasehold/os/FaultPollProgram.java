package io.leasehold.os;

import io.leasehold.memory.OffHeap;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.SplittableRandom;

/// Reads a mapped file before and behind the offset where it was truncated, in random order, and prints the number of
/// faults.
final class FaultPollProgram {

    private static final int PAGE_BYTES = 64 << 10; // a multiple of the page size of every machine
    private static final int PIECE_BYTES = 64;

    private final MemorySegment to = MemorySegment.ofArray(new byte[PIECE_BYTES]);
    private byte last; // written so that the compiler cannot remove a load

    private FaultPollProgram() {}

    /// Runs the program.
    ///
    /// @param args path of the file, and number of reads
    public static void main(String[] args) throws IOException {
        Path file = Path.of(args[0]);
        try (FileChannel channel =
                FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
            channel.write(ByteBuffer.allocate(2 * PAGE_BYTES));
            MemorySegment mapped = channel.map(FileChannel.MapMode.READ_ONLY, 0, 2 * PAGE_BYTES, Arena.global());
            channel.truncate(PAGE_BYTES);
            new FaultPollProgram().read(mapped.address(), Integer.parseInt(args[1]));
        }
    }

    private void read(long address, int reads) {
        SplittableRandom random = new SplittableRandom(1);
        int faults = 0;
        int wrong = 0;
        int escaped = 0;
        for (int i = 0; i < reads; i++) {
            boolean isTruncated = random.nextInt(4) == 0;
            long from = address + (isTruncated ? PAGE_BYTES : 0) + random.nextInt(PAGE_BYTES - PIECE_BYTES);
            try {
                boolean isSound = i % 2 == 0 ? copies(from) : loads(from);
                faults += isSound ? 0 : 1;
                wrong += isSound == isTruncated ? 1 : 0;
            } catch (InternalError e) {
                escaped++;
            }
        }
        System.out.println("faults=" + faults);
        System.out.println("wrong=" + wrong);
        System.out.println("escaped=" + escaped);
        System.out.println("last=" + last);
    }

    private boolean copies(long from) {
        try {
            OffHeap.copyToSegment(from, to);
            FaultPoll.poll();
            return true;
        } catch (InternalError e) {
            return false;
        }
    }

    private boolean loads(long from) {
        try {
            last = OffHeap.getByte(from);
            FaultPoll.poll();
            return true;
        } catch (InternalError e) {
            return false;
        }
    }
}
