package io.leasehold.budget;

import io.leasehold.memory.FaultingClassLoader;
import io.leasehold.memory.JavaFaults;
import org.junit.jupiter.api.Test;

/// A reservation or a release that overflows the stack changes nothing at any level of the tree. The listener of the
/// soft limit is still called afterwards.
class BudgetStackTest {

    @Test
    void noLevelIsHalfChangedOnAStackThatIsNearlyFull() {
        new FaultingClassLoader("budget", "memory")
                .program(BudgetStackProgram.class)
                .accept(JavaFaults.Mode.STACK);
    }
}
