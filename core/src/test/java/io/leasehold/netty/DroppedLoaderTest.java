package io.leasehold.netty;

import static org.assertj.core.api.Assertions.assertThat;

import io.leasehold.memory.TestMemory;
import io.leasehold.page.ForkedProgram;
import io.netty.buffer.ByteBuf;
import io.netty.util.ReferenceCounted;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// An application that is stopped without closing anything takes all that the library held with it, once its class
/// loader is collected: threads, descriptors, mappings and address space.
@Tag("os")
@Timeout(600)
class DroppedLoaderTest {

    private static final int APPLICATIONS = Boolean.getBoolean("leasehold.soak") ? 500 : 6;

    /// Fewer, since each of them registers its classes with the recorder.
    private static final int OBSERVED_APPLICATIONS = Boolean.getBoolean("leasehold.soak") ? 20 : 2;

    @BeforeAll
    static void skipWhereTheKernelDoesNotTell() {
        TestMemory.require(Files.isReadable(Path.of("/proc/self/statm")), "the kernel does not report mappings");
    }

    @Test
    void applicationsThatCloseNothingLeaveNothing() throws Exception {
        run(false);
    }

    /// The server has a JMX server and a recorder, which both live longer than the applications that register there.
    @Test
    void observedApplicationsThatCloseNothingLeaveNothing() throws Exception {
        ForkedProgram forked = run(true);
        assertThat(forked.value("beans")).as("%s", forked).isEqualTo("0");
    }

    @Test
    void portableApplicationsThatCloseNothingLeaveNothing() throws Exception {
        run(false, "-Dio.leasehold.memory=portable");
    }

    private static ForkedProgram run(boolean isObserved, String... options) throws Exception {
        int applications = isObserved ? OBSERVED_APPLICATIONS : APPLICATIONS;
        List<String> arguments = new ArrayList<>(List.of(Integer.toString(applications), Boolean.toString(isObserved)));
        for (Class<?> type : List.of(
                DroppedLoaderProgram.class, LeasedByteBufAllocator.class, ByteBuf.class, ReferenceCounted.class)) {
            arguments.add(
                    type.getProtectionDomain().getCodeSource().getLocation().toString());
        }
        ForkedProgram forked = ForkedProgram.of(DroppedLoaderProgram.class)
                .with("-Xmx256m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1")
                .with(options)
                .run(arguments.toArray(String[]::new));
        assertThat(forked.exitCode()).as("%s", forked).isZero();
        assertThat(forked.value("left")).as("%s", forked).isEqualTo("0");
        assertThat(forked.value("isBack")).as("%s", forked).isEqualTo("true");
        assertThat(forked.value("threads")).as("%s", forked).isEqualTo("0");
        System.out.println(DroppedLoaderTest.class.getSimpleName() + ": " + applications + " applications, "
                + forked.output().lines().filter(line -> line.contains("Held[")).toList());
        return forked;
    }
}
