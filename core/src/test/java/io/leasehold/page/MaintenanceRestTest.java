package io.leasehold.page;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// The maintenance thread ends when all arenas rest, starts again with the next free page, and inherits nothing from
/// the thread that starts it.
@Timeout(600)
class MaintenanceRestTest {

    @Test
    void threadEndsWithNothingToDoAndMemoryIsGivenBackAgainAfterThat() throws Exception {
        ForkedProgram forked = ForkedProgram.of(MaintenanceRestProgram.class).run();
        assertThat(forked.exitCode()).as("%s", forked).isZero();
        assertThat(forked.value("result")).as("%s", forked).isEqualTo("holds");
        assertThat(forked.value("kept")).isEqualTo(Integer.toString(MaintenanceRestProgram.PAGES));
        assertThat(forked.value("group")).isEqualTo("system");
        assertThat(forked.value("priority")).isEqualTo("5");
        assertThat(forked.value("context")).isEqualTo("null");
    }
}
