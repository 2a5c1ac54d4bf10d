package io.leasehold.agent;

import java.lang.instrument.Instrumentation;
import org.jspecify.annotations.Nullable;

/// The entry of the agent: `-javaagent:leasehold-core-<version>-agent.jar=<options>`.
///
/// The agent never stops the program. If something does not fit, it prints one line, and Netty keeps its own allocator.
///
/// **Threads.** The JVM calls the entry points on one thread, before the main method runs or when the agent is
/// attached.
public final class LeaseholdAgent {

    private static boolean isActive; // (L) this class

    private LeaseholdAgent() {}

    /// Starts the agent of the command line.
    ///
    /// @param arguments text after `=`, or null
    /// @param instrumentation the JVM
    public static void premain(@Nullable String arguments, Instrumentation instrumentation) {
        start(arguments, instrumentation);
    }

    /// Starts the agent in a JVM that runs. It serves the copies of Netty that are loaded afterwards.
    ///
    /// @param arguments text after `=`, or null
    /// @param instrumentation the JVM
    public static void agentmain(@Nullable String arguments, Instrumentation instrumentation) {
        start(arguments, instrumentation);
    }

    private static synchronized void start(@Nullable String arguments, Instrumentation instrumentation) {
        AgentOptions options;
        try {
            options = AgentOptions.of(arguments);
        } catch (IllegalArgumentException e) {
            AgentLog.INFO.problem(e.getMessage() + "; Netty keeps its own allocator");
            return;
        }
        if (options.isOff()) {
            return;
        }
        if (isActive) {
            options.log().problem("the agent is already active, and this one is ignored");
            return;
        }
        isActive = true;
        for (Class<?> type : instrumentation.getAllLoadedClasses()) {
            if (FacadeTransformer.isPool(type.getName().replace('.', '/'))) {
                options.log()
                        .problem("a pool of Netty is loaded already and keeps its own allocator: class="
                                + type.getName() + ", loader=" + type.getClassLoader());
            }
        }
        NettyCopies.start(options, instrumentation);
        instrumentation.addTransformer(new FacadeTransformer(options.log()));
    }
}
