package io.leasehold.event;

import java.util.List;
import jdk.jfr.Event;
import jdk.jfr.FlightRecorder;

/// The flight recorder of the JVM. This class is loaded only if the JVM has the module `jdk.jfr`.
///
/// **Threads.** Thread-safe.
final class Recorder {

    private Recorder() {}

    /// Registers the event classes, unless the JVM has no recorder yet.
    ///
    /// @return true if the classes are registered
    static boolean tryRegister() {
        if (!FlightRecorder.isInitialized()) {
            return false;
        }
        List<Class<? extends Event>> events = List.of(
                PageDecommitEvent.class,
                BudgetRefusalEvent.class,
                WindowFaultEvent.class,
                RingGrowthEvent.class,
                AllocateChunkEvent.class,
                FreeChunkEvent.class,
                AllocateBufferEvent.class,
                ReallocateBufferEvent.class,
                FreeBufferEvent.class);
        events.forEach(FlightRecorder::register);
        return true;
    }
}
