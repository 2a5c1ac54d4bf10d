package io.leasehold.memory;

import static org.assertj.core.api.Assertions.assertThat;

import io.leasehold.os.VirtualMemory;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;

/// Reserves and closes more regions than are retained, and meets each failure of the Java side at each step.
final class ReservationsJavaFaultProgram implements Consumer<JavaFaults.Mode> {

    private static final int REGIONS = Reservations.MAX_RETAINED + 8;

    private final VirtualMemory memory = VirtualMemory.system();
    private final long page = memory.pageSize();
    private final MappingBudget mappings = new MappingBudget(10_000);
    private final Reservations reservations = new Reservations(memory, mappings);
    private final List<Region> regions = new ArrayList<>();

    @Override
    public void accept(JavaFaults.Mode mode) {
        reservations.reserve("first", page, page).close(); // initializes the classes, which meet no fault
        FaultedSteps steps = new FaultedSteps(mode, () -> {});
        for (int round = 0; round < 2; round++) {
            while (regions.size() < REGIONS) {
                int before = regions.size();
                steps.run("reserve", () -> {
                    if (regions.size() == before) {
                        regions.add(reservations.reserve("region", page, page));
                    }
                });
            }
            Set<Long> addresses = new HashSet<>();
            regions.forEach(region -> addresses.add(region.address()));
            assertThat(addresses).as("addresses with one owner each").hasSize(REGIONS);
            regions.forEach(region -> steps.run("close", region::close));
            regions.clear();
        }
        reservations.releaseRetained();
        assertThat(mappings.used()).isZero();
    }
}
