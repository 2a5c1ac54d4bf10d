package io.leasehold.os;

import java.io.IOException;
import java.nio.channels.ClosedByInterruptException;

/// Runs steps that use channels of the JDK that an interrupt closes, such as [java.nio.channels.FileChannel].
///
/// Without this class, an object that a process sets up once would be missing for good if the thread was interrupted.
///
/// **Threads.** Stateless.
public final class Uninterrupted {

    private Uninterrupted() {}

    /// A step that can be repeated.
    ///
    /// @param <T> type of the result
    @FunctionalInterface
    public interface Step<T> {
        /// {@return the result}
        ///
        /// @throws IOException if the step fails
        T run() throws IOException;
    }

    /// Runs a step. If an interrupt ends the step, the step runs again. An interrupted thread is interrupted again
    /// afterwards.
    ///
    /// @param step the step
    /// @param <T> type of the result
    /// @return the result of the step
    /// @throws IOException if the step fails
    public static <T> T run(Step<T> step) throws IOException {
        boolean interrupted = Thread.interrupted();
        try {
            while (true) {
                try {
                    return step.run();
                } catch (ClosedByInterruptException e) {
                    interrupted |= Thread.interrupted();
                }
            }
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }
}
