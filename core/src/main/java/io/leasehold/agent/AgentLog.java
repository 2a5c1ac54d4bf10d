package io.leasehold.agent;

/// Prints what the agent does, to the standard error stream. A logger is not used: it would start the logging of the
/// program before the program has configured it.
///
/// **Threads.** Thread-safe.
enum AgentLog {
    /// Prints nothing.
    OFF,
    /// Prints problems, and one line when the first copy of Netty is served.
    INFO,
    /// Prints a line for each class and each copy of Netty.
    DEBUG;

    void problem(String message) {
        if (this != OFF) {
            print(message);
        }
    }

    void info(String message) {
        if (this != OFF) {
            print(message);
        }
    }

    void debug(String message) {
        if (this == DEBUG) {
            print(message);
        }
    }

    private static void print(String message) {
        System.err.println("leasehold-agent: " + message);
    }
}
