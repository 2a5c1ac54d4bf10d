package io.leasehold.agent;

import static org.assertj.core.api.Assertions.assertThat;

import io.leasehold.page.ForkedProgram;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// All copies of Netty in a process are served, and one budget limits them.
@Tag("os")
@Timeout(300)
class AgentCopiesTest {

    @Test
    void copiesInOtherClassLoadersAndRelocatedCopiesShareOneBudget() throws Exception {
        ForkedProgram run =
                AgentRun.of(CopiesProgram.class).withAgent("budget=16m").run();
        assertThat(run.exitCode()).as("%s", run).isZero();
        for (String copy : new String[] {"plain", "relocated", "other"}) {
            assertThat(run.value(copy + ".direct")).as("%s", run).isEqualTo("LeasedByteBuf");
            assertThat(run.value(copy + ".isOwn")).as("%s", run).isEqualTo("truetrue");
        }
        assertThat(run.value("relocatedWhilePlainHolds")).as("%s", run).isEqualTo("refused");
        assertThat(run.value("otherWhilePlainHolds")).as("%s", run).isEqualTo("refused");
        assertThat(run.value("relocatedAfterwards")).as("%s", run).isEqualTo("allocated");
        assertThat(AgentRun.lines(run)).as("%s", run).hasSize(1);
    }
}
