package io.leasehold.os;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.leasehold.memory.FaultingClassLoader;
import io.leasehold.memory.JavaFaults;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// No descriptor is lost if the Java heap is full or the stack is too short while it is opened.
class NativeJavaFaultTest {

    @ParameterizedTest
    @EnumSource
    void descriptorsAreClosedWhereverTheJavaSideFails(JavaFaults.Mode mode) {
        assumeTrue(AddressSpace.isNative(), "the portable form opens its descriptors through the JDK");
        long before = JavaFaults.injected();
        new FaultingClassLoader("os").program(NativeJavaFaultProgram.class).accept(mode);
        assertThat(JavaFaults.injected()).as("injected faults").isGreaterThan(before);
    }
}
