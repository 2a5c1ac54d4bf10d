package io.leasehold.window;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

import io.leasehold.error.Errno;
import io.leasehold.error.SystemCallException;
import io.leasehold.memory.TestMemory;
import io.leasehold.os.FaultyFiles;
import io.leasehold.os.FaultyVirtualMemory;
import io.leasehold.os.VirtualMemory;
import io.leasehold.os.VirtualMemory.Capability;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// Every call of the kernel in a short life of two files fails once, one after the other, and then permanently. The
/// step that made the call throws an [IOException] or takes another path, and later steps work as if nothing had
/// happened.
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class WindowCacheFaultTest {

    private static final int WINDOW = WindowCacheFixture.WINDOW_BYTES;
    private static final int MAX_CALLS = 500;
    private static final WindowCacheOptions DIRTY_BOUND = WindowCacheFixture.options(2, 2);
    private static final WindowCacheOptions NO_DIRTY_BOUND =
            DIRTY_BOUND.toBuilder().dirtyByteSize(Long.MAX_VALUE).build();

    @TempDir
    Path folder;

    private long injected;

    @AfterAll
    void checkHowMany() {
        System.out.printf("WindowCacheFaultTest: faults=%,d%n", injected);
        assertThat(injected).as("injected faults").isGreaterThanOrEqualTo(2_000);
    }

    /// A step of a life; it may fail as a whole.
    private interface Step {
        void run() throws IOException;
    }

    @ParameterizedTest
    @EnumSource(
            value = FaultyFiles.Call.class,
            names = {"ADVISE"},
            mode = EnumSource.Mode.EXCLUDE)
    void everyCallOnFilesMayFail(FaultyFiles.Call call) throws IOException {
        boolean waits = call == FaultyFiles.Call.SYNC || call == FaultyFiles.Call.WRITE_BACK;
        for (int errno : errnosOf(call)) {
            for (WindowTier tier : WindowTier.values()) {
                for (int nth = 1; nth < MAX_CALLS; nth++) {
                    int now = nth;
                    int failures = live(tier, waits, fixture -> fixture.files.failOnce(call, now, errno));
                    if (failures < 0) {
                        break; // the life made fewer calls
                    }
                    assertThat(failures).isLessThanOrEqualTo(errno == FaultyFiles.SHORT ? 0 : 1);
                    if (errno != FaultyFiles.SHORT) {
                        live(tier, waits, fixture -> fixture.files.failFrom(call, now, errno));
                    }
                }
            }
        }
    }

    @ParameterizedTest
    @EnumSource(
            value = FaultyVirtualMemory.Call.class,
            names = {"MAP", "DECOMMIT", "ADVISE"})
    void everyCallOnMappingsMayFail(FaultyVirtualMemory.Call call) throws IOException {
        TestMemory.require(VirtualMemory.system(), Capability.MAP);
        for (int errno : new int[] {Errno.ENOMEM, Errno.EAGAIN}) {
            for (WindowTier tier : WindowTier.values()) {
                for (int nth = 1; nth < MAX_CALLS; nth++) {
                    int now = nth;
                    if (live(tier, false, fixture -> fixture.memory.failOnce(call, now, errno)) < 0) {
                        break;
                    }
                    live(tier, false, fixture -> fixture.memory.failFrom(call, now, errno));
                }
            }
        }
    }

    private static int[] errnosOf(FaultyFiles.Call call) {
        return switch (call) {
            case READ -> new int[] {Errno.EIO, Errno.EFAULT, Errno.ENOMEM, FaultyFiles.SHORT};
            case WRITE -> new int[] {Errno.EIO, Errno.ENOSPC, Errno.EFBIG, FaultyFiles.SHORT};
            case ALLOCATE -> new int[] {Errno.ENOSPC, Errno.EIO, Errno.EFBIG, Errno.EOPNOTSUPP, Errno.EPERM};
            default -> new int[] {Errno.EIO, Errno.ENOMEM, Errno.EACCES};
        };
    }

    /// Runs a life with one fault, or with a fault that lasts until the life is checked.
    ///
    /// @param waits true to sync to the disk, which takes longer than the rest
    /// @return number of steps that failed, or -1 if the fault was never reached
    private int live(WindowTier tier, boolean waits, Consumer<WindowCacheFixture> fault) throws IOException {
        Path path = Files.createTempFile(folder, "file", "");
        byte[] content = WindowCacheFixture.pattern(5 * WINDOW, 1);
        int failures = 0;
        boolean isReached;
        try (WindowCacheFixture fixture = new WindowCacheFixture(waits ? DIRTY_BOUND : NO_DIRTY_BOUND)) {
            Life life = new Life(fixture, path, tier, content, waits);
            fault.accept(fixture);
            for (Step step : life.steps()) {
                failures += fails(step) ? 1 : 0;
                fixture.cache.checkInvariants();
            }
            isReached = fixture.files.injected() + fixture.memory.injected() > 0;
            injected += fixture.files.injected() + fixture.memory.injected();
            fixture.files.disarm();
            fixture.memory.disarm();
            life.check();
        }
        Files.delete(path);
        return isReached ? failures : -1;
    }

    private static boolean fails(Step step) {
        try {
            step.run();
            return false;
        } catch (IOException e) {
            Throwable cause = Objects.requireNonNull(e.getCause(), e::getMessage);
            assertThat(cause).isInstanceOf(SystemCallException.class);
            assertThat(e instanceof FileSystemException
                            || String.valueOf(e.getMessage()).contains("file="))
                    .as("names the file: %s", e)
                    .isTrue();
            return true;
        } catch (Throwable e) {
            return fail("not an IOException", e);
        }
    }

    /// The steps, each of which may fail by itself and leaves nothing half-done.
    private static final class Life {
        private final WindowCacheFixture fixture;
        private final Path path;
        private final WindowTier tier;
        private final byte[] content;
        private final boolean waits;
        private final MappedFile file;

        Life(WindowCacheFixture fixture, Path path, WindowTier tier, byte[] content, boolean waits) throws IOException {
            this.fixture = fixture;
            this.path = path;
            this.tier = tier;
            this.content = content;
            this.waits = waits;
            this.file = fixture.open(path, FileTrust.OWNED, tier);
        }

        List<Step> steps() {
            List<Step> steps = new ArrayList<>();
            steps.add(() -> write(0));
            steps.add(() -> write(WindowFlag.FAULTBUSY));
            for (int part = 0; part < 5; part++) {
                long from = (long) part * WINDOW;
                steps.add(() -> fixture.read(file, from, WINDOW));
                steps.add(() -> readAtRandom(from));
            }
            steps.add(() -> lend(WindowFlag.READ));
            steps.add(() -> lend(WindowFlag.WRITE));
            steps.add(() -> fixture.cache.zerorange(file, 3, WINDOW, WindowFlag.UNMAP));
            if (waits) {
                steps.add(file::force);
            }
            steps.add(() -> file.truncate(WINDOW));
            steps.add(() -> file.truncate(2L * WINDOW));
            steps.add(this::openAndClose);
            return steps;
        }

        void check() throws IOException {
            write(WindowFlag.FAULTBUSY);
            assertThat(fixture.read(file, 0, content.length)).isEqualTo(content);
            assertThat(fixture.read(file, 0, content.length)).isEqualTo(content);
            file.truncate(0);
            fixture.cache.purge(file);
            file.close();
        }

        private void write(int flags) throws IOException {
            Uio uio = Uio.writing(0, MemorySegment.ofArray(content));
            fixture.cache.uiomove(file, uio, AccessAdvice.NORMAL, WindowFlag.WRITE | flags);
        }

        private void readAtRandom(long from) throws IOException {
            Uio uio = Uio.reading(from, MemorySegment.ofArray(new byte[WINDOW]));
            fixture.cache.uiomove(file, uio, AccessAdvice.RANDOM, WindowFlag.READ);
        }

        private void lend(int flags) throws IOException {
            if (file.byteSize() > 0 || flags == WindowFlag.WRITE) {
                Objects.requireNonNull(fixture.cache.alloc(file, 0, 9, AccessAdvice.NORMAL, flags))
                        .close();
            }
        }

        private void openAndClose() throws IOException {
            try (MappedFile other = fixture.open(path, FileTrust.FOREIGN, tier)) {
                fixture.read(other, 0, 9);
                Window window = fixture.cache.alloc(file, 0, 9, AccessAdvice.NORMAL, WindowFlag.WRITE);
                Objects.requireNonNull(window).close();
                fixture.read(other, 0, 9);
            }
        }
    }
}
