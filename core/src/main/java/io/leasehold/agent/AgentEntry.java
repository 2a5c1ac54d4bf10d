package io.leasehold.agent;

import java.lang.instrument.Instrumentation;
import org.jspecify.annotations.Nullable;

/// The entry of the agent: `-javaagent:leasehold-core-<version>-agent.jar=<options>`.
///
/// This class is compiled for Java 11 and uses nothing newer. So a JVM that is too old for the library prints one line
/// and runs its program. All other classes are reached by reflection, after the check.
///
/// **Threads.** The JVM calls the entry points on one thread, before the main method runs or when the agent is
/// attached.
public final class AgentEntry {

    /// The release of Java that the library needs.
    private static final int RELEASE = 25;

    private AgentEntry() {}

    /// Starts the agent of the command line.
    ///
    /// @param arguments text after `=`, or null
    /// @param instrumentation the JVM
    public static void premain(@Nullable String arguments, Instrumentation instrumentation) {
        start(Runtime.version().feature(), arguments, instrumentation);
    }

    /// Starts the agent in a JVM that runs. It serves the copies of Netty that are loaded afterwards.
    ///
    /// @param arguments text after `=`, or null
    /// @param instrumentation the JVM
    public static void agentmain(@Nullable String arguments, Instrumentation instrumentation) {
        start(Runtime.version().feature(), arguments, instrumentation);
    }

    /// @param release release of Java of this JVM
    static void start(int release, @Nullable String arguments, @Nullable Instrumentation instrumentation) {
        if (release < RELEASE) {
            print("this JVM is too old: java=" + release + ", min=" + RELEASE);
            return;
        }
        try {
            Class.forName("io.leasehold.agent.LeaseholdAgent")
                    .getDeclaredMethod("start", String.class, Instrumentation.class)
                    .invoke(null, arguments, instrumentation);
        } catch (ReflectiveOperationException | LinkageError e) {
            print("the agent cannot start: cause=" + e);
        }
    }

    private static void print(String problem) {
        System.err.println("leasehold-agent: " + problem + "; Netty keeps its own allocator");
    }
}
