package io.leasehold.window;

import static org.assertj.core.api.Assertions.assertThat;

import io.leasehold.error.Errno;
import io.leasehold.memory.Seeds;
import io.leasehold.os.FaultyFiles.Call;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.Objects;
import java.util.SplittableRandom;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// Random operations on an OWNED file. The power fails after each change of its disk, in each way that a disk may be
/// left. The content is then as promised. Writes to the disk fail now and then.
///
/// `-Dseed=` replays one seed; `-Dleasehold.soak=true` fails the power 100 times as often.
class PowerCutTest {

    private static final int CRASHES = Boolean.getBoolean("leasehold.soak") ? 150_000 : 1_500;
    private static final int CRASHES_AFTER_EACH = 3;
    private static final int PAGE = CrashDisk.PAGE;
    private static final int MAX_BYTES = 9 * PAGE;

    @TempDir
    Path folder;

    @ParameterizedTest
    @EnumSource(WindowTier.class)
    void powerFailureLeavesWhatWasPromised(WindowTier tier) throws IOException {
        RandomWalk walk = new RandomWalk(Seeds.random("PowerCutTest"));
        try (WindowCacheFixture fixture = new WindowCacheFixture(
                WindowCacheFixture.options(3, 3).toBuilder()
                        .dirtyByteSize(6L * PAGE)
                        .build(),
                walk.disk)) {
            MappedFile file = fixture.open(folder.resolve("file"), FileTrust.OWNED, tier);
            while (walk.crashes < CRASHES) {
                walk.step(fixture, file);
                file.durability.checkInvariants();
            }
            walk.checkAll(fixture, file);
        }
        System.out.println("PowerCutTest: " + tier + ", crashes=" + walk.crashes + ", forced=" + walk.forced
                + ", failed=" + walk.failed);
        assertThat(walk.forced).isGreaterThan(9);
        assertThat(walk.failed).isGreaterThan(0);
    }

    /// One file, its disk and its promise.
    private static final class RandomWalk {
        private final SplittableRandom random;
        private final CrashDisk disk = new CrashDisk(this::crash);
        private final DurabilityPromise promise = new DurabilityPromise(MAX_BYTES);
        private int crashes;
        private int forced;
        private int failed;

        RandomWalk(SplittableRandom random) {
            this.random = random;
        }

        void step(WindowCacheFixture fixture, MappedFile file) throws IOException {
            switch (random.nextInt(20)) {
                case 0, 1, 2, 3, 4 -> write(fixture, file);
                case 5, 6 -> zerorange(fixture, file);
                case 7, 8 -> truncate(file);
                case 9, 10, 11 -> store(fixture, file);
                case 12, 13 -> force(file, 0, MAX_BYTES, true);
                case 14, 15, 16 -> {
                    int from = random.nextInt(MAX_BYTES);
                    force(file, from, random.nextInt(from, MAX_BYTES + 1), false);
                }
                case 17 -> writeAgain(fixture, file);
                case 18 -> writeAndForce(fixture, file);
                default -> failLater(fixture);
            }
        }

        /// Writes failed ranges again, and checks the file.
        void checkAll(WindowCacheFixture fixture, MappedFile file) throws IOException {
            fixture.files.disarm();
            writeAgain(fixture, file);
            file.force();
            byte[] content = promise.part(0, promise.byteSize());
            assertThat(fixture.read(file, 0, MAX_BYTES)).isEqualTo(content);
            assertThat(disk.crash(random)).isEqualTo(content);
        }

        private void crash() {
            for (int i = 0; i < CRASHES_AFTER_EACH; i++) {
                promise.check(disk.crash(random));
                crashes++;
            }
        }

        private void write(WindowCacheFixture fixture, MappedFile file) throws IOException {
            int from = random.nextInt(MAX_BYTES);
            write(fixture, file, from, content(Math.min(random.nextInt(4 * PAGE), MAX_BYTES - from)));
        }

        private void write(WindowCacheFixture fixture, MappedFile file, int from, byte[] content) throws IOException {
            if (content.length > 0) {
                promise.willWrite(from, content);
                int flags = WindowFlag.WRITE | (random.nextBoolean() ? WindowFlag.FAULTBUSY : 0);
                Uio uio = Uio.writing(from, MemorySegment.ofArray(content));
                fixture.cache.uiomove(file, uio, AccessAdvice.NORMAL, flags);
                promise.hasWritten(from, content);
            }
        }

        private void writeAgain(WindowCacheFixture fixture, MappedFile file) throws IOException {
            write(fixture, file, 0, promise.part(0, promise.byteSize()));
        }

        private void writeAndForce(WindowCacheFixture fixture, MappedFile file) throws IOException {
            int from = random.nextInt(MAX_BYTES);
            byte[] content = content(Math.min(random.nextInt(1, 3 * PAGE), MAX_BYTES - from));
            write(fixture, file, from, content);
            force(file, from, from + content.length, false);
        }

        private void zerorange(WindowCacheFixture fixture, MappedFile file) throws IOException {
            int from = random.nextInt(MAX_BYTES);
            byte[] zeroes = new byte[Math.min(random.nextInt(1, 3 * PAGE), MAX_BYTES - from)];
            promise.willWrite(from, zeroes);
            fixture.cache.zerorange(file, from, zeroes.length, 0);
            promise.hasWritten(from, zeroes);
        }

        private void truncate(MappedFile file) throws IOException {
            int byteSize = random.nextInt(MAX_BYTES);
            promise.willTruncate(byteSize);
            file.truncate(byteSize);
            promise.hasTruncated(byteSize);
        }

        private void store(WindowCacheFixture fixture, MappedFile file) throws IOException {
            int from = random.nextInt(MAX_BYTES - WindowCacheFixture.WINDOW_BYTES);
            int wanted = random.nextInt(1, WindowCacheFixture.WINDOW_BYTES);
            boolean isOverwrite = random.nextBoolean();
            // the growth reads as zero, and the old content stays until a store
            promise.willWrite(from, promise.part(from, from + wanted));
            promise.lent(from, from + wanted);
            int flags = WindowFlag.WRITE | (isOverwrite ? WindowFlag.FAULTBUSY : 0);
            Window window = Objects.requireNonNull(fixture.cache.alloc(file, from, wanted, AccessAdvice.NORMAL, flags));
            byte[] content = content((int) window.byteSize());
            promise.willWrite(from, content);
            window.segment().copyFrom(MemorySegment.ofArray(content));
            if (!window.isPrivate()) {
                disk.written(from, content);
            }
            if (random.nextInt(4) == 0) {
                force(file, 0, MAX_BYTES, true);
            }
            window.close();
            promise.hasWritten(from, content);
            promise.lent(0, 0);
        }

        private void force(MappedFile file, int from, int end, boolean isAll) {
            try {
                if (isAll) {
                    file.force();
                } else {
                    file.force(from, end - from);
                }
                promise.confirm(from, end, isAll);
                forced++;
                crash();
            } catch (IOException e) {
                assertThat(e).hasMessageContaining("EIO");
                failed++;
            }
        }

        private void failLater(WindowCacheFixture fixture) {
            Call[] calls = {Call.SYNC, Call.SYNC_RANGE, Call.WRITE_BACK};
            fixture.files.failOnce(calls[random.nextInt(calls.length)], random.nextInt(1, 4), Errno.EIO);
        }

        private byte[] content(int byteSize) {
            byte[] content = new byte[byteSize];
            random.nextBytes(content);
            return content;
        }
    }
}
