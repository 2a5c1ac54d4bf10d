package io.leasehold.agent;

import java.lang.reflect.InvocationTargetException;
import org.jspecify.annotations.Nullable;

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

    /// {@return the name of a class loader, for messages}
    static String name(@Nullable ClassLoader loader) {
        if (loader == null) {
            return "boot";
        }
        return loader.getName() == null ? loader.toString() : loader.getName();
    }

    /// {@return the message of a failure, without the exceptions of reflection and class initialization around it}
    static String cause(Throwable failure) {
        Throwable cause = failure;
        while ((cause instanceof InvocationTargetException || cause instanceof ExceptionInInitializerError)
                && cause.getCause() != null) {
            cause = cause.getCause();
        }
        return cause.getMessage() == null ? cause.toString() : cause.getMessage();
    }

    /// Prints one line. Control characters become blanks, since texts of options and exceptions may have line breaks.
    private static void print(String message) {
        char[] line = ("leasehold-agent: " + message).toCharArray();
        for (int i = 0; i < line.length; i++) {
            line[i] = Character.isISOControl(line[i]) ? ' ' : line[i];
        }
        System.err.println(line);
    }
}
