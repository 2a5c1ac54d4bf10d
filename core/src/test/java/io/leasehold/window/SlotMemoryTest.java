package io.leasehold.window;

import static org.assertj.core.api.Assertions.assertThat;

import io.leasehold.memory.MappingBudget;
import io.leasehold.memory.Reservations;
import io.leasehold.os.VirtualMemory;
import io.leasehold.os.VirtualMemory.Capability;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;

class SlotMemoryTest {

    private static final int SLOTS = 4;

    private final VirtualMemory memory = VirtualMemory.system();
    private final MappingBudget mappings = new MappingBudget(100);
    private final Reservations reservations = new Reservations(memory, mappings);

    @Test
    void repeatedEndCreditsItsMappingsOnce() {
        Assumptions.assumeTrue(memory.can(Capability.MAP), "a placeholder is mapped");
        long slotBytes = 16 * memory.pageSize();
        int placeholder = memory.createMemory("placeholder", slotBytes);
        try {
            long before = mappings.used();
            SlotMemory slots = SlotMemory.open(reservations, "slots", placeholder, SLOTS, slotBytes);
            assertThat(mappings.used()).isGreaterThanOrEqualTo(before + SLOTS);
            slots.abandon();
            long after = mappings.used();
            slots.abandon();
            slots.close();
            assertThat(mappings.used()).isEqualTo(after);
        } finally {
            memory.closeMemory(placeholder);
        }
    }
}
