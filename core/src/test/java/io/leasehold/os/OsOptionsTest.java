package io.leasehold.os;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class OsOptionsTest {

    @Test
    void nothingSetMeansAutomatic() {
        OsOptions options = OsOptions.of(name -> null);
        assertThat(options.memory()).isEqualTo(OsOptions.Memory.AUTO);
        assertThat(options.portableBytes()).isEmpty();
        assertThat(options.isKnownLinux()).isFalse();
    }

    @Test
    void valuesAreRead() {
        OsOptions options =
                OsOptions.of(Map.of(OsOptions.MEMORY, "portable", OsOptions.PORTABLE_BYTES, "1048576")::get);
        assertThat(options.memory()).isEqualTo(OsOptions.Memory.PORTABLE);
        assertThat(options.portableBytes()).hasValue(1_048_576);
        assertThat(OsOptions.of(Map.of(OsOptions.MEMORY, "native")::get).memory())
                .isEqualTo(OsOptions.Memory.NATIVE);
    }

    @ParameterizedTest
    @CsvSource({
        "Linux, amd64, true",
        "Linux, aarch64, true",
        "Linux, riscv64, false",
        "Mac OS X, aarch64, false",
        "Windows 11, amd64, false"
    })
    void linuxIsKnownOnTwoProcessors(String osName, String osArch, boolean isKnown) {
        OsOptions options = OsOptions.of(Map.of("os.name", osName, "os.arch", osArch)::get);
        assertThat(options.isKnownLinux()).isEqualTo(isKnown);
    }

    @Test
    void rejectsUnknownMemory() {
        assertThatThrownBy(() -> OsOptions.of(Map.of(OsOptions.MEMORY, "Native")::get))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("io.leasehold.memory is neither native nor portable: value=Native");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "0", "-1", "1g", "99999999999999999999"})
    void rejectsBytesThatAreNoPositiveNumber(String value) {
        assertThatThrownBy(() -> OsOptions.of(Map.of(OsOptions.PORTABLE_BYTES, value)::get))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("io.leasehold.portableBytes is not a positive decimal number of bytes: value=" + value);
    }

    @Test
    void rejectsBytesOfLessThanAPage() {
        assertThatThrownBy(() -> OsOptions.of(Map.of(OsOptions.PORTABLE_BYTES, "4095")::get))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("io.leasehold.portableBytes is too low: value=4095, min=4096");
    }

    @ParameterizedTest
    @CsvSource({"OpenJDK 64-Bit Server VM, true", "Java HotSpot(TM) 64-Bit Server VM, true", "Eclipse OpenJ9 VM, false"
    })
    void hotSpotIsKnownByItsNames(String vmName, boolean isHotSpot) {
        assertThat(OsOptions.of(Map.of("java.vm.name", vmName)::get).isHotSpot())
                .isEqualTo(isHotSpot);
        assertThat(OsOptions.of(Map.<String, String>of()::get).isHotSpot()).isFalse();
    }
}
