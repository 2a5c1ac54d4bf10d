package io.leasehold.memory;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// Address space has one owner, wherever a close meets a full Java heap or a short stack.
class ReservationsJavaFaultTest {

    @ParameterizedTest
    @EnumSource
    void noRangeIsRetainedTwice(JavaFaults.Mode mode) {
        long before = JavaFaults.injected();
        new FaultingClassLoader("memory", "os")
                .program(ReservationsJavaFaultProgram.class)
                .accept(mode);
        assertThat(JavaFaults.injected()).as("injected faults").isGreaterThan(before);
    }
}
