package io.leasehold.os;

import static org.assertj.core.api.Assertions.assertThat;

import io.leasehold.memory.FaultedSteps;
import io.leasehold.memory.JavaFaults;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.function.Consumer;

/// Reserves, writes and releases ranges of portable memory, and meets each failure of the Java side at each step.
final class PortableJavaFaultProgram implements Consumer<JavaFaults.Mode> {

    private static final long PAGE = 4096;
    private static final int PAGES = 64;
    private static final int RANGES = 4;

    private final MemorySegment segment = Arena.ofAuto().allocate(PAGES * PAGE, PAGE);
    private final PortableVirtualMemory memory = new PortableVirtualMemory(segment);
    private final long[] ranges = new long[RANGES];
    private final long rangeBytes = PAGES / RANGES * PAGE;

    @Override
    public void accept(JavaFaults.Mode mode) {
        FaultedSteps steps = new FaultedSteps(mode, memory::checkInvariants);
        for (int round = 0; round < 3; round++) {
            for (int i = 0; i < RANGES; i++) {
                write(steps, i);
            }
            for (int i = 0; i < RANGES; i++) {
                release(steps, (i * 3 + round) % RANGES);
            }
            assertThat(memory.toString()).contains("bytesLeft=" + PAGES * PAGE);
        }
    }

    private void write(FaultedSteps steps, int i) {
        steps.run("reserve", () -> {
            if (ranges[i] == 0) {
                ranges[i] = memory.reserve(rangeBytes, PAGE);
            }
        });
        steps.run("commit", () -> memory.commit(ranges[i], rangeBytes));
        MemorySegment range = segment.asSlice(ranges[i] - segment.address(), rangeBytes);
        assertThat(range.toArray(ValueLayout.JAVA_BYTE)).as("a new range").containsOnly(0);
        range.fill((byte) 1);
    }

    private void release(FaultedSteps steps, int i) {
        steps.run("release", () -> {
            if (ranges[i] != 0) {
                memory.release(ranges[i], rangeBytes);
                ranges[i] = 0;
            }
        });
    }
}
