package io.leasehold.page;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// The maintenance thread ends when all arenas rest, starts again with the next free page, and inherits nothing from
/// the thread that starts it.
@Timeout(600)
class MaintenanceRestTest {

    @Test
    void threadEndsWithNothingToDoAndMemoryIsGivenBackAgainAfterThat() throws Exception {
        ForkedProgram.Plan plan =
                ForkedProgram.of(MaintenanceRestProgram.class).with("-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1");
        CompletableFuture<ForkedProgram> other = ForkedProgram.start(() -> plan.run(MaintenanceRestProgram.KEPT));
        ForkedProgram decayed = ended(plan.run(MaintenanceRestProgram.DECAYED));
        assertThat(decayed.value("group")).isEqualTo("system");
        assertThat(decayed.value("priority")).isEqualTo("5");
        assertThat(decayed.value("context")).isEqualTo("null");
        ForkedProgram kept = ended(other.join());
        assertThat(kept.value("kept")).isEqualTo(Integer.toString(MaintenanceRestProgram.PAGES));
    }

    private static ForkedProgram ended(ForkedProgram forked) {
        assertThat(forked.exitCode()).as("%s", forked).isZero();
        assertThat(forked.value("result")).as("%s", forked).isEqualTo("holds");
        return forked;
    }
}
