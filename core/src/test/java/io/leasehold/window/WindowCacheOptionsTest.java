package io.leasehold.window;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;

/// The options, and the values that they reject.
class WindowCacheOptionsTest {

    private static final WindowCacheOptions DEFAULTS = WindowCacheOptions.defaults();

    @Test
    void eachOptionIsChangedAlone() {
        WindowCacheOptions all = DEFAULTS.withName("n")
                .withWindows(1, 8192)
                .withExtents(2, 16384)
                .withDirectByteSize(3)
                .withDirtyByteSize(4);
        assertThat(all).isEqualTo(new WindowCacheOptions("n", 1, 8192, 2, 16384, 3, 4));
    }

    @Test
    void badOptionsAreNamed() {
        rejects(() -> DEFAULTS.withWindows(-1, 8192), "windows=-1");
        rejects(() -> DEFAULTS.withWindows(1 << 21, 8192), "windows=" + (1 << 21));
        rejects(() -> DEFAULTS.withWindows(1, 8193), "windowByteSize", "8193");
        rejects(() -> DEFAULTS.withExtents(-2, 8192), "extents=-2");
        rejects(() -> DEFAULTS.withExtents(1, 4096), "extentByteSize=4096", "min=" + (2 << 20));
        rejects(() -> DEFAULTS.withDirectByteSize(-1), "directByteSize", "-1");
        rejects(() -> DEFAULTS.withDirtyByteSize(0), "dirtyByteSize", "0");
    }

    @Test
    void onlyOwnedFilesAreWritable() {
        rejects(() -> new MappedFileOptions(FileTrust.FOREIGN, true, false, WindowTier.AUTO), "trust=FOREIGN");
        rejects(() -> new MappedFileOptions(FileTrust.OWNED, false, true, WindowTier.AUTO), "writable");
        rejects(() -> MappedFileOptions.owned().withTrust(FileTrust.IMMUTABLE), "only an OWNED file", "IMMUTABLE");
    }

    private static void rejects(ThrowingCallable call, String... named) {
        assertThatThrownBy(call).isInstanceOf(IllegalArgumentException.class).hasMessageContainingAll(named);
    }
}
