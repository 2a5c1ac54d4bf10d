package io.leasehold.window;

import static org.assertj.core.api.Assertions.assertThat;

import io.leasehold.memory.FaultedSteps;
import io.leasehold.memory.JavaFaults;
import io.leasehold.memory.Seeds;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// Random steps of a cache with one file, each of which meets every failure of the Java side.
///
/// A step that fails has changed nothing, or is complete. After it no window is leaked, the next step works, and the
/// content of the file equals that of an array.
///
/// **Threads.** Confined to one thread.
final class WindowJavaFaultRandomWalk implements Consumer<JavaFaults.Mode> {

    private static final int STEPS = Boolean.getBoolean("leasehold.soak") ? 3_000 : 120;
    private static final int MAX_BYTES = 12 * WindowCacheFixture.WINDOW_BYTES;

    private final SplittableRandom random = Seeds.random("WindowJavaFaultRandomWalk");
    private final List<Window> windows = new ArrayList<>();
    private final WindowCacheFixture fixture = new WindowCacheFixture(WindowCacheFixture.options(6, 4));
    private FaultedSteps steps = new FaultedSteps(JavaFaults.Mode.HEAP_ONCE, this::check);
    private byte[] content = WindowCacheFixture.pattern(MAX_BYTES / 2, 1);
    private @Nullable MappedFile file;
    private @Nullable MappedFile opened;
    private int salt;

    @Override
    public void accept(JavaFaults.Mode mode) {
        try {
            steps = new FaultedSteps(mode, this::check);
            Path path = Files.createTempFile("window-faults", "");
            try {
                Files.write(path, content);
                walk(path);
            } finally {
                Files.delete(path);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void walk(Path path) throws IOException {
        long first = fixture.arena.allocate(); // faults come after the first page
        fixture.arena.frames().wire(first);
        fixture.arena.frames().unwire(first);
        fixture.arena.free(first);
        reopen(path);
        for (int i = 0; i < STEPS; i++) {
            step(path);
        }
        closeFile();
        steps.run("close the cache", fixture.cache::close);
        fixture.close();
        assertThat(Files.readAllBytes(path)).isEqualTo(content);
    }

    private void step(Path path) throws IOException {
        int dice = random.nextInt(40);
        if (dice < 12) {
            read();
        } else if (dice < 20) {
            write();
        } else if (dice < 26) {
            lend();
        } else if (dice < 32) {
            giveBack();
        } else if (dice < 34) {
            steps.run("force", () -> file().force());
        } else if (dice < 36) {
            purge();
        } else if (dice < 38) {
            truncate();
        } else {
            closeFile();
            reopen(path);
        }
    }

    private MappedFile file() {
        if (file == null) {
            throw new AssertionError("no file is open");
        }
        return file;
    }

    private void reopen(Path path) {
        WindowTier[] tiers = WindowTier.values();
        WindowTier tier = WindowCacheFixture.canMap() ? tiers[random.nextInt(tiers.length)] : WindowTier.AUTO;
        opened = null;
        steps.run("open " + tier, () -> {
            if (opened == null) {
                opened = fixture.open(path, FileTrust.OWNED, tier);
            }
        });
        file = opened;
    }

    private void closeFile() {
        while (!windows.isEmpty()) {
            giveBack();
        }
        steps.run("close the file", () -> file().close());
    }

    private void read() {
        int from = random.nextInt(content.length);
        int byteSize = Math.min(content.length - from, 1 + random.nextInt(2 * WindowCacheFixture.WINDOW_BYTES));
        byte[] got = new byte[byteSize];
        steps.run("read", () -> fixture.cache.read(file(), from, MemorySegment.ofArray(got)));
        assertThat(got).isEqualTo(Arrays.copyOfRange(content, from, from + byteSize));
    }

    private void write() {
        if (!windows.isEmpty()) {
            return;
        }
        int byteSize = 1 + random.nextInt(WindowCacheFixture.WINDOW_BYTES);
        int from = random.nextInt(Math.min(content.length, MAX_BYTES - byteSize) + 1);
        byte[] bytes = WindowCacheFixture.pattern(byteSize, ++salt);
        steps.run("write", () -> fixture.write(file(), from, bytes));
        content = Arrays.copyOf(content, Math.max(content.length, from + byteSize));
        System.arraycopy(bytes, 0, content, from, byteSize);
    }

    private void lend() {
        if (windows.size() >= 3) {
            return;
        }
        int from = random.nextInt(content.length);
        int count = windows.size();
        steps.run("lend", () -> {
            if (windows.size() == count) {
                Window window = fixture.cache.tryAlloc(
                        file(),
                        from,
                        Math.min(100, content.length - from),
                        AccessAdvice.NORMAL,
                        WindowFlag.READ,
                        Duration.ZERO);
                if (window != null) {
                    windows.add(window);
                }
            }
        });
    }

    private void giveBack() {
        if (windows.isEmpty()) {
            return;
        }
        Window window = windows.getLast();
        long begin = window.byteOffset();
        byte[] got = window.segment().toArray(ValueLayout.JAVA_BYTE);
        assertThat(got).isEqualTo(Arrays.copyOfRange(content, (int) begin, (int) begin + got.length));
        steps.run("give back", () -> {
            if (isLent(window)) {
                fixture.cache.release(window, 0);
            }
        });
        windows.removeLast();
    }

    private static boolean isLent(Window window) {
        try {
            return window.address() != 0;
        } catch (IllegalStateException e) {
            return false;
        }
    }

    private void purge() {
        if (!windows.isEmpty()) {
            return;
        }
        steps.run("truncate to nothing", () -> file().truncate(0));
        steps.run("purge", () -> fixture.cache.purge(file()));
        content = WindowCacheFixture.pattern(MAX_BYTES / 2, ++salt);
        steps.run("write all", () -> fixture.write(file(), 0, content));
    }

    private void truncate() {
        if (!windows.isEmpty()) {
            return;
        }
        int byteSize = 1 + random.nextInt(MAX_BYTES);
        steps.run("truncate", () -> file().truncate(byteSize));
        content = Arrays.copyOf(content, byteSize);
    }

    private void check() {
        fixture.cache.checkInvariants();
    }
}
