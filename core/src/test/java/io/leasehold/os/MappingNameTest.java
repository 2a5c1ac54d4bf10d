package io.leasehold.os;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class MappingNameTest {

    @ParameterizedTest
    @CsvSource({
        "web, leasehold web",
        "web tables, leasehold web tables",
        "a[1]`$\\b, leasehold a_1____b",
        "größe, leasehold gr__e",
        "'tab\tnewline\n', leasehold tab_newline_",
        "~!@#%^&*(){}|;:<>?/, leasehold ~!@#%^&*(){}|;:<>?/"
    })
    void charactersThatTheKernelRefusesAreReplaced(String name, String form) {
        assertThat(MappingName.kernelForm(name)).isEqualTo(form);
    }

    @Test
    void longNameIsShortened() {
        assertThat(MappingName.kernelForm("x".repeat(200))).hasSize(79).startsWith("leasehold xxx");
        assertThat(MappingName.kernelForm("x".repeat(69))).hasSize(79).isEqualTo("leasehold " + "x".repeat(69));
    }
}
