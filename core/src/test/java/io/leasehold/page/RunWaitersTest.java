package io.leasehold.page;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import org.junit.jupiter.api.Test;

class RunWaitersTest {

    /// A waiter that stays in the queue would be its first one for ever, and no other one would be woken.
    @Test
    void waiterThatIsRefusedForLackOfHeapIsNotInTheQueue() throws IOException, InterruptedException {
        ForkedProgram program = ForkedProgram.of(RunWaitersProgram.class)
                .with("-Xmx256m", "-XX:+UseSerialGC")
                .run();
        assertThat(program.exitCode()).as(program.output()).isZero();
        assertThat(program.value("queued")).isEqualTo(program.value("added"));
    }
}
