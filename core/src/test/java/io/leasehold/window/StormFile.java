package io.leasehold.window;

import java.io.EOFException;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.channels.WritableByteChannel;
import java.nio.file.Path;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicLong;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/// One file in a storm, and the results of the accesses to it. Its length varies, but its bytes are always those of its
/// content, which has no zeroes.
///
/// **Ownership.** The file is closed with its cache.
///
/// **Threads.** Thread-safe.
final class StormFile {

    static final int BYTES = 12 * WindowCacheFixture.WINDOW_BYTES;

    /// Maximum size of a read in bytes.
    static final int MAX_READ_BYTES = 3 * WindowCacheFixture.WINDOW_BYTES;

    private static final byte[] CONTENT = WindowCacheFixture.pattern(BYTES, 1);
    private static final MemorySegment CONTENT_SEGMENT = MemorySegment.ofArray(CONTENT);

    private final WindowCache cache; // (C)
    private final MappedFile file; // (C)
    private final WindowTier tier; // (C)
    private final int unit; // (C)
    private final AtomicLong rights = new AtomicLong(); // (A)
    private final AtomicLong errors = new AtomicLong(); // (A)
    private final AtomicLong changes = new AtomicLong(); // (A) of an OWNED file

    /// @param unit truncations are to multiples of it, in bytes
    StormFile(WindowCacheFixture fixture, Path folder, FileTrust trust, WindowTier tier, int unit) throws IOException {
        this.cache = fixture.cache;
        this.file = fixture.open(WindowCacheFixture.foreign(folder, CONTENT), trust, tier);
        this.tier = tier;
        this.unit = unit;
    }

    Path path() {
        return file.path();
    }

    int unit() {
        return unit;
    }

    boolean isOwned() {
        return file.trust() == FileTrust.OWNED;
    }

    long rights() {
        return rights.get();
    }

    @Override
    public String toString() {
        return "%s %s unit=%d: right=%,d errors=%,d changes=%,d"
                .formatted(tier, file.trust(), unit, rights.get(), errors.get(), changes.get());
    }

    /// Reads the file or, if it is OWNED, reads or changes it.
    ///
    /// @param to memory of at least [#MAX_READ_BYTES]
    void access(SplittableRandom random, MemorySegment to) throws IOException {
        if (isOwned() && random.nextInt(3) == 0) {
            change(random);
            changes.incrementAndGet();
        } else {
            read(random, to);
        }
    }

    private void read(SplittableRandom random, MemorySegment to) {
        int from = random.nextInt(BYTES);
        int byteSize = random.nextBoolean() ? random.nextInt(1, 100) : random.nextInt(1, MAX_READ_BYTES);
        try {
            switch (random.nextInt(8)) {
                case 0, 1, 2 -> move(random, Uio.reading(from, to.asSlice(0, byteSize)), from, to);
                case 3 -> {
                    ByteBuffer buffer = ByteBuffer.allocate(byteSize);
                    move(random, Uio.reading(from, buffer), from, MemorySegment.ofArray(buffer.array()));
                }
                case 4 -> move(random, Uio.reading(from, byteSize, new Sink(from)), from, null);
                case 5 -> {
                    MemorySegment bytes = MemorySegment.ofArray(new byte[byteSize]);
                    check(from, bytes, cache.read(file, from, bytes));
                }
                case 6 -> lend(from, byteSize);
                default -> checksum(from, byteSize);
            }
            rights.incrementAndGet();
        } catch (IOException e) {
            String message = String.valueOf(e.getMessage());
            boolean isExpected = message.contains(path().toString()) && message.contains("byteOffset=");
            // for an OWNED file, only because there are no bytes to lend
            boolean isAllowed = !isOwned() || e instanceof EOFException;
            if (!isExpected || !isAllowed) {
                throw new AssertionError("wrong error: from=" + from + ", file=" + file, e);
            }
            errors.incrementAndGet();
        }
    }

    private void move(SplittableRandom random, Uio uio, int from, @Nullable MemorySegment to) throws IOException {
        AccessAdvice advice = AccessAdvice.values()[random.nextInt(AccessAdvice.values().length)];
        int more = (random.nextBoolean() ? WindowFlag.PARTIALOK : 0) | (random.nextInt(8) == 0 ? WindowFlag.UNMAP : 0);
        try {
            long count = cache.uiomove(file, uio, advice, WindowFlag.READ | more);
            if (count != uio.moved()) {
                throw new AssertionError("count=" + count + ", " + uio);
            }
        } finally {
            // the progress is exact after an error too
            if (to != null) {
                check(from, to, uio.moved());
            }
        }
    }

    private void lend(int from, int byteSize) throws IOException {
        if (file.trust() == FileTrust.IMMUTABLE) {
            return; // lent in place, and the promise of IMMUTABLE is broken
        }
        Window lent = cache.alloc(file, from, byteSize, AccessAdvice.NORMAL, WindowFlag.READ | WindowFlag.NOWAIT);
        if (lent != null) {
            try (Window window = lent) {
                check(from, window.segment(), window.byteSize());
            }
        }
    }

    private void checksum(int from, int byteSize) throws IOException {
        int count = Math.min(byteSize, BYTES - from);
        long sum = cache.checksum(file, from, count);
        CRC32C expected = new CRC32C();
        expected.update(CONTENT, from, count);
        if (sum != expected.getValue() && !isZeroRight()) {
            throw new AssertionError("wrong sum: from=%d, byteSize=%d, file=%s".formatted(from, count, file));
        }
    }

    /// Truncates, writes, or stores in place: always right bytes, and none behind a gap.
    private void change(SplittableRandom random) throws IOException {
        Window lent = null;
        int from;
        file.writer.lock();
        try {
            int end = (int) file.byteSize();
            from = random.nextInt(end + 1);
            int byteSize = random.nextInt(4) == 0 ? BYTES - from : random.nextInt(BYTES - from + 1);
            switch (random.nextInt(4)) {
                case 0 -> truncate(from);
                case 1 -> lent = byteSize == 0 ? null : lendToStore(from, byteSize, random);
                default -> {
                    Uio uio = Uio.writing(from, CONTENT_SEGMENT.asSlice(from, byteSize));
                    int faultbusy = random.nextBoolean() ? WindowFlag.FAULTBUSY : 0;
                    cache.uiomove(file, uio, AccessAdvice.NORMAL, WindowFlag.WRITE | faultbusy);
                }
            }
        } finally {
            file.writer.unlock();
        }
        if (lent != null) {
            try (Window window = lent) {
                window.segment().copyFrom(CONTENT_SEGMENT.asSlice(from, window.byteSize()));
            }
        }
    }

    private @Nullable Window lendToStore(int from, int byteSize, SplittableRandom random) throws IOException {
        int flags = WindowFlag.WRITE | WindowFlag.NOWAIT | (random.nextBoolean() ? WindowFlag.FAULTBUSY : 0);
        return cache.alloc(file, from, byteSize, AccessAdvice.NORMAL, flags);
    }

    private void truncate(int byteSize) throws IOException {
        try {
            file.truncate(byteSize);
        } catch (IllegalStateException e) {
            if (!String.valueOf(e.getMessage()).contains("windows are outstanding")) {
                throw e;
            }
        }
    }

    private boolean isZeroRight() {
        return unit == 1 && !isOwned();
    }

    private void check(int from, MemorySegment bytes, long count) {
        if (count > bytes.byteSize() || from + count > BYTES) {
            throw new AssertionError("too many bytes: from=%d, count=%d, file=%s".formatted(from, count, file));
        }
        long at = MemorySegment.mismatch(bytes, 0, count, CONTENT_SEGMENT, from, from + count);
        for (; at >= 0 && at < count; at++) {
            byte is = bytes.get(ValueLayout.JAVA_BYTE, at);
            if (is != CONTENT[(int) (from + at)] && !(isZeroRight() && is == 0)) {
                throw new AssertionError(
                        "wrong byte: from=%d, count=%d, at=%d, is=%d, file=%s".formatted(from, count, at, is, file));
            }
        }
    }

    /// Accepts bytes and checks each, also before a failure.
    private final class Sink implements WritableByteChannel {
        private int at;

        Sink(int from) {
            this.at = from;
        }

        @Override
        public int write(ByteBuffer bytes) {
            int count = bytes.remaining();
            check(at, MemorySegment.ofBuffer(bytes), count);
            bytes.position(bytes.limit());
            at += count;
            return count;
        }

        @Override
        public boolean isOpen() {
            return true;
        }

        @Override
        public void close() {}
    }
}
