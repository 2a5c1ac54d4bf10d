package io.leasehold.stress;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import io.leasehold.memory.OffHeap;
import io.leasehold.page.PageArena;
import io.leasehold.page.PageArenaOptions;
import io.leasehold.window.AccessAdvice;
import io.leasehold.window.FileTrust;
import io.leasehold.window.MappedFile;
import io.leasehold.window.MappedFileOptions;
import io.leasehold.window.Window;
import io.leasehold.window.WindowCache;
import io.leasehold.window.WindowCacheOptions;
import io.leasehold.window.WindowFlag;
import io.leasehold.window.WindowTier;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.ZZ_Result;

/// The release of the only window against a search that marks it for the clock, and a thread that begins to wait for
/// it. The waiter gets the window.
///
/// After a release ended its pin, it checks the mark of the clock and the first waiter. Both are set before the search
/// reads the pins. If the release missed one of them, the window would be lost, or the waiter would sleep until its
/// timeout and get none.
public final class WindowWaiterStress {

    private static final Duration LIMIT = Duration.ofSeconds(3);
    private static final int WINDOW_BYTES = 64 << 10;

    private static final PageArena ARENA = PageArena.open(
            PageArenaOptions.builder().name("stress").byteSize(8 << 20).build());
    private static final WindowCache CACHE = WindowCache.open(
            ARENA,
            WindowCacheOptions.builder()
                    .name("stress")
                    .windows(1, WINDOW_BYTES)
                    .extents(0, WINDOW_BYTES)
                    .build());
    private static final MappedFile FILE = open();

    private WindowWaiterStress() {}

    /// {@return a file of two windows, each filled with the number of the window}
    private static MappedFile open() {
        try {
            byte[] content = new byte[2 * WINDOW_BYTES];
            Arrays.fill(content, WINDOW_BYTES, content.length, (byte) 1);
            Path path = Files.write(Files.createTempFile("stress", ""), content);
            path.toFile().deleteOnExit();
            MappedFileOptions options = MappedFileOptions.defaults();
            return CACHE.open(path, options.withTrust(FileTrust.IMMUTABLE).withTier(WindowTier.RECYCLED));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /// {@return true if the thread got the window, with the right part}
    private static boolean use(int part, int flags) {
        long byteOffset = (long) part * WINDOW_BYTES;
        try {
            @Nullable Window window = CACHE.tryAlloc(FILE, byteOffset, 8, AccessAdvice.NORMAL, WindowFlag.READ, LIMIT);
            if (window == null) {
                return false;
            }
            boolean isRight = OffHeap.getByte(window.address()) == part;
            CACHE.release(window, flags);
            return isRight;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /// Two threads that need the only window for different parts.
    @JCStressTest
    @Outcome(id = "true, true", expect = ACCEPTABLE, desc = "Each got the window.")
    @Outcome(expect = FORBIDDEN, desc = "A thread waited in vain, or had the wrong part.")
    @State
    public static class ReleaseAgainstWaiter {

        /// Releases while the other thread may begin to wait, or waits.
        @Actor
        public void first(ZZ_Result r) {
            r.r1 = use(0, 0);
        }

        /// Waits, or releases while the other thread may begin to wait.
        @Actor
        public void second(ZZ_Result r) {
            r.r2 = use(1, 0);
        }
    }

    /// The same with a window that is to be recycled first: its release returns it to the clock on another path.
    @JCStressTest
    @Outcome(id = "true, true", expect = ACCEPTABLE, desc = "Each got the window.")
    @Outcome(expect = FORBIDDEN, desc = "A thread waited in vain, or had the wrong part.")
    @State
    public static class UnmapAgainstWaiter {

        /// Releases with UNMAP while the other thread may begin to wait, or waits.
        @Actor
        public void first(ZZ_Result r) {
            r.r1 = use(0, WindowFlag.UNMAP);
        }

        /// Waits, or releases while the other thread may begin to wait.
        @Actor
        public void second(ZZ_Result r) {
            r.r2 = use(1, 0);
        }
    }
}
