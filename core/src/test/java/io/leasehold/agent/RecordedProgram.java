package io.leasehold.agent;

import io.netty.buffer.ByteBufAllocator;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicReference;
import jdk.jfr.consumer.EventStream;
import jdk.jfr.consumer.RecordedEvent;

/// Main class of the JVMs that [AgentTest] starts with a flight recording: allocates buffers until an event of one was
/// recorded. It changes no setting of the recording.
final class RecordedProgram {

    private static final int BYTE_SIZE = 12_345;
    private static final long DEADLINE_NANOS = Duration.ofSeconds(60).toNanos();

    private RecordedProgram() {}

    /// Prints the allocator in the first event of a buffer of this program, or `none`.
    public static void main(String[] arguments) throws Exception {
        AtomicReference<String> recorded = new AtomicReference<>("none");
        try (EventStream events = EventStream.openRepository()) {
            events.onEvent("io.netty.AllocateBuffer", event -> {
                if (event.getInt("size") == BYTE_SIZE) {
                    recorded.compareAndSet("none", allocator(event));
                }
            });
            events.startAsync();
            long deadline = System.nanoTime() + DEADLINE_NANOS;
            while (recorded.get().equals("none") && System.nanoTime() < deadline) {
                ByteBufAllocator.DEFAULT.directBuffer(BYTE_SIZE).release();
                Thread.onSpinWait();
            }
        }
        System.out.println("allocator=" + recorded.get());
    }

    private static String allocator(RecordedEvent event) {
        return event.getClass("allocatorType").getName();
    }
}
