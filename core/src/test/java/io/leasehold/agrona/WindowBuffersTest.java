package io.leasehold.agrona;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.management.ThreadMXBean;
import io.leasehold.window.AccessAdvice;
import io.leasehold.window.FileTrust;
import io.leasehold.window.MappedFile;
import io.leasehold.window.MappedFileOptions;
import io.leasehold.window.Window;
import io.leasehold.window.WindowCache;
import io.leasehold.window.WindowCacheOptions;
import io.leasehold.window.WindowFlag;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.SplittableRandom;
import org.agrona.DirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// A view of a window shows the bytes of the file in the window, and no others.
class WindowBuffersTest {

    private static final byte[] CONTENT = new byte[100_000];
    private static final int FROM = 5_001;
    private static final int BYTES = 40_000;

    static {
        new SplittableRandom(5).nextBytes(CONTENT);
    }

    @TempDir
    Path folder;

    private final LeasedPages pages = LeasedPages.directMap();
    private final WindowCache cache = WindowCache.open(
            pages.arena(),
            WindowCacheOptions.builder()
                    .windows(4, 64 << 10)
                    .extents(4, 256 << 10)
                    .build());
    private MappedFile file;
    private Window window;

    @BeforeEach
    void open() throws IOException {
        Path path = Files.write(folder.resolve("content"), CONTENT);
        file = cache.open(path, MappedFileOptions.defaults().withTrust(FileTrust.IMMUTABLE));
        window = requireNonNull(cache.alloc(file, FROM, BYTES, AccessAdvice.NORMAL, WindowFlag.READ));
    }

    @AfterEach
    void close() throws IOException {
        cache.close();
        pages.close();
    }

    @Test
    void viewIsAtTheAddressOfTheWindowAndAsLong() throws IOException {
        DirectBuffer view = WindowBuffers.wrap(window);
        assertThat(view.addressOffset()).isEqualTo(window.address());
        assertThat(view.capacity()).isEqualTo(BYTES);
        byte[] seen = new byte[BYTES];
        view.getBytes(0, seen);
        assertThat(seen).isEqualTo(Arrays.copyOfRange(CONTENT, FROM, FROM + BYTES));
        assertThat(view.getLong(9)).isEqualTo(new UnsafeBuffer(CONTENT).getLong(FROM + 9));
        assertThatThrownBy(() -> view.getByte(BYTES)).isInstanceOf(IndexOutOfBoundsException.class);
        assertThatThrownBy(() -> view.getLong(BYTES - 7)).isInstanceOf(IndexOutOfBoundsException.class);
        window.close();
    }

    @Test
    void rewrappedViewIsOfTheNewWindowAndMakesNoGarbage() throws IOException {
        DirectBuffer view = WindowBuffers.wrap(window);
        Window next = requireNonNull(cache.alloc(file, 7, 10, AccessAdvice.NORMAL, WindowFlag.READ));
        WindowBuffers.rewrap(view, next);
        assertThat(view.capacity()).isEqualTo(10);
        assertThat(view.getByte(9)).isEqualTo(CONTENT[16]);
        int rounds = 1000;
        rewrap(view, next, rounds); // loads the classes
        long before = allocatedBytes();
        rewrap(view, next, rounds);
        assertThat(allocatedBytes() - before).as("bytes, an object is 16").isLessThan(8L * rounds);
        next.close();
        window.close();
    }

    private void rewrap(DirectBuffer view, Window next, int rounds) {
        for (int i = 0; i < rounds; i++) {
            WindowBuffers.rewrap(view, window);
            WindowBuffers.rewrap(view, next);
            WindowBuffers.unwrap(view);
        }
    }

    private static long allocatedBytes() {
        return ((ThreadMXBean) ManagementFactory.getThreadMXBean()).getCurrentThreadAllocatedBytes();
    }

    @Test
    void unwrappedViewRefusesEveryUse() throws IOException {
        DirectBuffer view = WindowBuffers.wrap(window);
        for (int time = 0; time < 2; time++) {
            WindowBuffers.unwrap(view);
            assertThat(view.capacity()).isZero();
            assertThatThrownBy(() -> view.getByte(0)).isInstanceOf(IndexOutOfBoundsException.class);
        }
        window.close();
        WindowBuffers.unwrap(view);
    }

    @Test
    void releasedWindowsAndThoseForWritingAreRefused() throws IOException {
        DirectBuffer view = WindowBuffers.wrap(window);
        window.close();
        assertThatThrownBy(() -> WindowBuffers.wrap(window)).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(() -> WindowBuffers.rewrap(view, window)).isInstanceOf(IllegalStateException.class);
        MappedFile owned = cache.open(folder.resolve("owned"), MappedFileOptions.owned());
        Window writing = requireNonNull(cache.alloc(owned, 0, 100, AccessAdvice.NORMAL, WindowFlag.WRITE));
        assertThatThrownBy(() -> WindowBuffers.wrap(writing))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("owned");
        writing.close();
        assertThat(view.capacity()).as("as it was").isEqualTo(BYTES);
    }
}
