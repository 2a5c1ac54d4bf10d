package io.leasehold.page;

import static org.assertj.core.api.Assertions.assertThat;

import io.leasehold.memory.FaultingClassLoader;
import io.leasehold.memory.JavaFaults;
import io.leasehold.memory.TestMemory;
import io.leasehold.os.VirtualMemory;
import io.leasehold.os.VirtualMemory.Capability;
import java.util.function.Consumer;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// The first wiring of a process meets a full Java heap. After it the page is either wired and locked, or neither of
/// both.
///
/// Each failure gets a class loader of its own, because only the first use of a class or a text can fail. A short stack
/// is no different at the first use: [PageJavaFaultTest] tries it.
class FirstWiringTest {

    @ParameterizedTest
    @EnumSource(names = {"HEAP_ONCE", "HEAP_FULL"})
    void firstWiringIsCompleteOrChangesNothing(JavaFaults.Mode mode) {
        failEachInTurn(FirstWiring.class, mode);
    }

    /// A call that the kernel refuses may have locked a part of the run.
    @ParameterizedTest
    @EnumSource(names = {"HEAP_ONCE", "HEAP_FULL"})
    void firstWiringThatTheKernelRefusesLocksNothing(JavaFaults.Mode mode) {
        failEachInTurn(FirstWiring.Refused.class, mode);
    }

    private static void failEachInTurn(Class<? extends Consumer<JavaFaults.Mode>> type, JavaFaults.Mode mode) {
        TestMemory.require(VirtualMemory.system(), Capability.LOCK);
        int nth = 0;
        long before;
        do {
            before = JavaFaults.injected();
            Consumer<JavaFaults.Mode> program = new FaultingClassLoader("page", "memory", "budget", "os", "error")
                    .withFirstCalls()
                    .program(type);
            JavaFaults.arm(mode, ++nth);
            try {
                program.accept(mode);
            } catch (Throwable e) {
                throw new AssertionError("%s %d: %s".formatted(mode, nth, e.getMessage()), e);
            } finally {
                JavaFaults.disarm();
            }
        } while (JavaFaults.injected() > before);
        assertThat(nth).as("faults met, and one more").isGreaterThan(1);
    }
}
