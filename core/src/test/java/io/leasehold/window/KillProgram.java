package io.leasehold.window;

import io.leasehold.budget.MemoryBudget;
import io.leasehold.page.PageArena;
import io.leasehold.page.PageArenaOptions;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Objects;
import java.util.SplittableRandom;
import java.util.zip.CRC32C;

/// Main class of the JVMs that [KillTest] kills: writes records into the slots of a file, without end. It reports each
/// step before and after it, in messages of a few bytes that a pipe takes whole or not at all.
///
/// ```text
///   file     | record of slot 0 | record of slot 1 | ...   records cross pages and windows
///   record   checksum of the rest | slot | number of the write | bytes that follow from both
/// ```
final class KillProgram {

    static final int SLOTS = 400;
    static final int RECORD_BYTES = 1000;

    static final int MESSAGE_BYTES = 1 + Integer.BYTES + Long.BYTES;
    static final byte BEGUN = 'b';
    static final byte DONE = 'd';
    static final byte FORCING = 'f';
    static final byte FORCED = 'F';

    private KillProgram() {}

    /// Writes until it is killed.
    ///
    /// @param arguments the file, the tier, and the seed
    public static void main(String[] arguments) throws IOException {
        SplittableRandom random = new SplittableRandom(Long.parseLong(arguments[2]));
        PageArena arena = PageArena.open(PageArenaOptions.builder()
                .byteSize(16 << 20)
                .budget(MemoryBudget.of("kill", 32 << 20))
                .build());
        WindowCacheOptions options = WindowCacheOptions.builder()
                .windows(4, WindowCacheFixture.WINDOW_BYTES)
                .extents(16, 4L * WindowCacheFixture.WINDOW_BYTES)
                .dirtyByteSize(3L * WindowCacheFixture.WINDOW_BYTES)
                .build();
        WindowCache cache = WindowCache.open(arena, options);
        MappedFileOptions owned = MappedFileOptions.owned().withTier(WindowTier.valueOf(arguments[1]));
        MappedFile file = cache.open(Path.of(arguments[0]), owned);
        OutputStream out = new FileOutputStream(FileDescriptor.out);
        for (long number = 1; ; number++) {
            if (number == 2 || random.nextInt(12) == 0) {
                say(out, FORCING, 0, number);
                file.force();
                say(out, FORCED, 0, number);
                continue;
            }
            int slot = random.nextInt(SLOTS);
            say(out, BEGUN, slot, number);
            write(cache, file, random, slot, record(slot, number));
            say(out, DONE, slot, number);
        }
    }

    /// {@return the content of a slot after a write; zeroes if there was none}
    static byte[] record(int slot, long number) {
        byte[] record = new byte[RECORD_BYTES];
        if (number > 0) {
            new SplittableRandom(slot * 31L + number).nextBytes(record);
            ByteBuffer header = ByteBuffer.wrap(record).putInt(0).putInt(slot).putLong(number);
            header.putInt(0, checksum(record));
        }
        return record;
    }

    /// {@return the number of the write of a record, or -1 if it is not a complete record of this slot}
    static long number(byte[] record, int slot) {
        ByteBuffer header = ByteBuffer.wrap(record);
        boolean isWhole = header.getInt() == checksum(record) && header.getInt() == slot;
        return isWhole ? header.getLong() : -1;
    }

    private static int checksum(byte[] record) {
        CRC32C crc = new CRC32C();
        crc.update(record, Integer.BYTES, record.length - Integer.BYTES);
        return (int) crc.getValue();
    }

    private static void write(WindowCache cache, MappedFile file, SplittableRandom random, int slot, byte[] record)
            throws IOException {
        long from = (long) slot * RECORD_BYTES;
        int flags = WindowFlag.WRITE | (random.nextBoolean() ? WindowFlag.FAULTBUSY : 0);
        if (random.nextBoolean()) {
            Uio uio = Uio.writing(from, MemorySegment.ofArray(record));
            cache.uiomove(file, uio, AccessAdvice.NORMAL, flags);
            return;
        }
        for (int done = 0; done < record.length; ) {
            try (Window window = Objects.requireNonNull(
                    cache.alloc(file, from + done, record.length - done, AccessAdvice.NORMAL, flags))) {
                MemorySegment rest = MemorySegment.ofArray(record).asSlice(done, window.byteSize());
                window.segment().copyFrom(rest);
                done += (int) window.byteSize();
            }
        }
    }

    private static void say(OutputStream out, byte what, int slot, long number) throws IOException {
        ByteBuffer message = ByteBuffer.allocate(MESSAGE_BYTES);
        message.put(what).putInt(slot).putLong(number);
        out.write(message.array());
    }
}
