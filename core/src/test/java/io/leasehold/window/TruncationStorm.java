package io.leasehold.window;

import io.leasehold.page.Watchdog;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.Collectors;

/// A storm: a second process truncates files and writes them again. Meanwhile four threads of this process read them
/// through every tier, and read, write and truncate OWNED files. Each access gives right bytes, or an [IOException]
/// that names the place. Any other result ends the storm.
///
/// **Threads.** Confined to one thread, which starts the others.
final class TruncationStorm {

    /// A storm continues until each file had this number of right accesses, also on a busy machine.
    private static final int LEAST_RIGHTS = 20;

    private static final int THREADS = 4;
    private static final int PAGE = 4096;
    private static final int ANYWHERE = 1;

    /// Fewer windows than the files have parts, so that they are recycled all the time; extents for the files of the
    /// tier DIRECT only.
    private static final WindowCacheOptions OPTIONS =
            WindowCacheFixture.options(4, 24).toBuilder().directByteSize(0).build();

    private final List<StormFile> files = new ArrayList<>();

    private TruncationStorm() {}

    /// The counts of a storm.
    ///
    /// @param truncations number of truncations by the second process
    /// @param stats counters of the cache
    /// @param files the files
    record Result(long truncations, WindowCacheStats stats, List<StormFile> files) {
        String lines() {
            return "truncations by the second process: " + truncations + ", " + stats + "\n"
                    + files.stream().map(StormFile::toString).collect(Collectors.joining("\n"));
        }
    }

    /// Runs a storm on files in `folder`.
    static Result run(Path folder, long seed, Duration duration) throws IOException, InterruptedException {
        return new TruncationStorm().blow(folder, seed, duration);
    }

    private Result blow(Path folder, long seed, Duration duration) throws IOException, InterruptedException {
        Watchdog watchdog = new Watchdog();
        try (WindowCacheFixture fixture = new WindowCacheFixture(OPTIONS)) {
            for (WindowTier tier : new WindowTier[] {WindowTier.DIRECT, WindowTier.RECYCLED}) {
                for (FileTrust trust : new FileTrust[] {FileTrust.FOREIGN, FileTrust.IMMUTABLE}) {
                    files.add(new StormFile(fixture, folder, trust, tier, PAGE));
                    files.add(new StormFile(fixture, folder, trust, tier, ANYWHERE));
                }
                files.add(new StormFile(fixture, folder, FileTrust.OWNED, tier, ANYWHERE));
            }
            files.add(new StormFile(fixture, folder, FileTrust.FOREIGN, WindowTier.BYPASS, PAGE));
            files.add(new StormFile(fixture, folder, FileTrust.FOREIGN, WindowTier.AUTO, PAGE));
            files.add(new StormFile(fixture, folder, FileTrust.OWNED, WindowTier.BYPASS, ANYWHERE));
            List<StormFile> ofOthers =
                    files.stream().filter(file -> !file.isOwned()).toList();
            long truncations;
            try (Truncator truncator = Truncator.start(duration.toSeconds(), seed, ofOthers)) {
                long end = System.nanoTime() + duration.toNanos();
                for (int i = 0; i < THREADS; i++) {
                    SplittableRandom random = new SplittableRandom(seed + i);
                    watchdog.start("storm", () -> access(random, watchdog, end));
                }
                watchdog.join();
                truncations = truncator.stop();
            }
            fixture.cache.checkInvariants();
            return new Result(truncations, fixture.cache.stats(), List.copyOf(files));
        }
    }

    private boolean isEnough() {
        return files.stream().allMatch(file -> file.rights() >= LEAST_RIGHTS);
    }

    private void access(SplittableRandom random, Watchdog watchdog, long end) throws IOException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment to = arena.allocate(StormFile.MAX_READ_BYTES);
            while (!watchdog.hasFailed() && (System.nanoTime() - end < 0 || !isEnough())) {
                files.get(random.nextInt(files.size())).access(random, to);
            }
        }
    }
}
