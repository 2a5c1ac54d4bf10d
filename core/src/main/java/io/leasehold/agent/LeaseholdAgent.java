package io.leasehold.agent;

import java.lang.instrument.Instrumentation;
import org.jspecify.annotations.Nullable;

/// Starts the agent, once.
///
/// The agent never stops the program. If something does not fit, it prints one line, and Netty keeps its own allocator.
///
/// **Threads.** Thread-safe.
final class LeaseholdAgent {

    private static boolean isActive; // (L) this class

    private LeaseholdAgent() {}

    /// Starts the agent, unless it is off or active. Throws nothing, since an exception would end the JVM before the
    /// program starts. Called by [AgentEntry] by reflection.
    ///
    /// @param arguments text after `=`, or null
    /// @param instrumentation the JVM
    static synchronized void start(@Nullable String arguments, Instrumentation instrumentation) {
        AgentLog log = AgentLog.INFO; // also for options that are wrong, since `log` may be among them
        try {
            AgentOptions options = AgentOptions.of(arguments);
            log = options.log();
            if (options.isOff()) {
                return;
            }
            if (isActive) {
                log.problem("the agent is already active, and this one is ignored");
                return;
            }
            FacadeTransformer transformer = new FacadeTransformer(log);
            transformer.refuse(instrumentation.getAllLoadedClasses());
            NettyCopies.start(options, instrumentation);
            instrumentation.addTransformer(transformer);
            isActive = true;
        } catch (RuntimeException | Error e) {
            log.problem(AgentLog.cause(e) + "; Netty keeps its own allocator");
        }
    }
}
