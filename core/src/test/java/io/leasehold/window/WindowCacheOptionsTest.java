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
        WindowCacheOptions all = DEFAULTS.toBuilder()
                .name("n")
                .windows(1, 8192)
                .extents(2, 16384)
                .directByteSize(3)
                .dirtyByteSize(4)
                .tag("t")
                .build();
        assertThat(all).isEqualTo(new WindowCacheOptions("n", 1, 8192, 2, 16384, 3, 4, "t"));
    }

    @Test
    void badOptionsAreNamed() {
        rejects(() -> DEFAULTS.toBuilder().windows(-1, 8192).build(), "windows=-1");
        rejects(() -> DEFAULTS.toBuilder().windows(1 << 21, 8192).build(), "windows=" + (1 << 21));
        rejects(() -> DEFAULTS.toBuilder().windows(1, 8193).build(), "windowByteSize", "8193");
        rejects(() -> DEFAULTS.toBuilder().extents(-2, 8192).build(), "extents=-2");
        rejects(
                () -> DEFAULTS.toBuilder().windows(1, 128 << 20).build(),
                "an extent is shorter than a window: extentByteSize=67108864, windowByteSize=134217728;"
                        + " choose longer extents or shorter windows");
        rejects(() -> DEFAULTS.toBuilder().extents(1, 4095).build(), "extentByteSize is not a power of two");
        rejects(() -> DEFAULTS.toBuilder().directByteSize(-1).build(), "directByteSize", "-1");
        rejects(() -> DEFAULTS.toBuilder().dirtyByteSize(0).build(), "dirtyByteSize", "0");
        rejects(() -> DEFAULTS.toBuilder().tag(" ").build(), "tag is blank");
    }

    @Test
    void onlyOwnedFilesAreWritable() {
        rejects(() -> new MappedFileOptions(FileTrust.FOREIGN, true, false, WindowTier.AUTO), "trust=FOREIGN");
        rejects(() -> new MappedFileOptions(FileTrust.OWNED, false, true, WindowTier.AUTO), "writable");
        rejects(() -> MappedFileOptions.owned().withTrust(FileTrust.IMMUTABLE), "only an OWNED file", "IMMUTABLE");
    }

    @Test
    @SuppressWarnings("NullAway") // a caller without null checks
    void missingTrustTierAndNameAreNamed() {
        isMissing(() -> MappedFileOptions.defaults().withTrust(null), "trust is null");
        isMissing(() -> MappedFileOptions.owned().withTrust(null), "trust is null");
        isMissing(() -> MappedFileOptions.defaults().withTier(null), "tier is null");
        assertThatThrownBy(() -> DEFAULTS.toBuilder().name(null).build()).hasMessageContaining("name");
    }

    private static void isMissing(ThrowingCallable call, String message) {
        assertThatThrownBy(call).isInstanceOf(NullPointerException.class).hasMessage(message);
    }

    private static void rejects(ThrowingCallable call, String... named) {
        assertThatThrownBy(call).isInstanceOf(IllegalArgumentException.class).hasMessageContainingAll(named);
    }
}
