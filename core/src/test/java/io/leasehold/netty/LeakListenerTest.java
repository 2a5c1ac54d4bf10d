package io.leasehold.netty;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.leasehold.os.ForkedJvm;
import io.leasehold.page.Eventually;
import io.leasehold.page.PageArena;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.util.ResourceLeakDetector;
import io.netty.util.ResourceLeakDetector.Level;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// A listener that an application sets with Netty's own call is notified of lost buffers of this allocator, at every
/// level and for each class of detector.
class LeakListenerTest {

    private static final int LOST = 2_000;

    private final Level levelBefore = ResourceLeakDetector.getLevel();

    @AfterEach
    void watchAsBefore() {
        ResourceLeakDetector.setLevel(levelBefore);
        ByteBufUtil.setLeakListener(null);
    }

    @ParameterizedTest
    @EnumSource(names = "DISABLED", mode = EnumSource.Mode.EXCLUDE)
    void listenerIsCalledByADetectorOfTheApplication(Level level) {
        assumeTrue(RecordingLeakDetector.isUsed(), "the tests run without a detector of their own");
        listen(level);
        RecordingLeakDetector.reports().clear();
    }

    @ParameterizedTest
    @EnumSource(names = "DISABLED", mode = EnumSource.Mode.EXCLUDE)
    void listenerIsCalledByThePlainDetector(Level level) throws Exception {
        ForkedJvm forked = ForkedJvm.run(
                List.of(
                        ForkedJvm.rootOf(LeakListenerTest.class),
                        ForkedJvm.rootOf(PageArena.class),
                        ForkedJvm.rootOf(ByteBuf.class),
                        ForkedJvm.rootOf(ResourceLeakDetector.class)),
                LeakListenerTest.class,
                "--enable-native-access=ALL-UNNAMED",
                "-Dio.netty.leakDetection.samplingInterval=1",
                "-Dlevel=" + level);
        assertThat(forked.output()).contains("notified at " + level);
        assertThat(forked.exitCode()).isZero();
    }

    @Test
    void levelDisabledReportsNothing() {
        Queue<String> records = new ConcurrentLinkedQueue<>();
        ByteBufUtil.setLeakListener((type, trace) -> records.add(trace));
        ResourceLeakDetector.setLevel(Level.DISABLED);
        LeasedByteBufAllocator allocator = TestAllocators.small("unwatched");
        allocator.directBuffer(300);
        ByteBuf next = allocator.directBuffer(300);
        assertThat(next).isInstanceOf(LeasedByteBuf.class);
        assertThat(records).isEmpty();
        allocator.closeForcibly();
    }

    /// Runs in another JVM, with Netty's detector and no other.
    public static void main(String[] args) {
        Level level = Level.valueOf(System.getProperty("level"));
        listen(level);
        System.out.println("notified at " + level);
    }

    private static void listen(Level level) {
        Queue<String> records = new ConcurrentLinkedQueue<>();
        ResourceLeakDetector.setLevel(level);
        ByteBufUtil.setLeakListener((type, trace) -> records.add(trace));
        LeasedByteBufAllocator allocator = TestAllocators.small("listened to");
        for (int i = 0; i < LOST; i++) {
            lose(allocator, level);
        }
        Eventually.holds("the listener is notified at " + level, () -> {
            System.gc();
            allocator.directBuffer(64).release(); // a detector reports when it is asked to track
            return !records.isEmpty();
        });
        allocator.closeForcibly();
    }

    /// Netty reports each stack trace once, so each level loses its buffers in a line of its own.
    private static void lose(LeasedByteBufAllocator allocator, Level level) {
        switch (level) {
            case SIMPLE -> allocator.directBuffer(256);
            case ADVANCED -> allocator.directBuffer(256);
            case PARANOID -> allocator.directBuffer(256);
            default -> throw new IllegalArgumentException("no buffer is watched: level=" + level);
        }
    }
}
