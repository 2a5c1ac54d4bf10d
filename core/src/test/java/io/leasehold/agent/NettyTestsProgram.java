package io.leasehold.agent;

import io.netty.buffer.AdaptiveByteBufAllocatorTest;
import io.netty.buffer.PooledByteBufAllocatorTest;
import java.util.Arrays;
import java.util.stream.Collectors;
import org.junit.platform.engine.TestExecutionResult;
import org.junit.platform.engine.TestExecutionResult.Status;
import org.junit.platform.engine.UniqueId.Segment;
import org.junit.platform.engine.discovery.DiscoverySelectors;
import org.junit.platform.engine.support.descriptor.MethodSource;
import org.junit.platform.launcher.LauncherDiscoveryRequest;
import org.junit.platform.launcher.TestExecutionListener;
import org.junit.platform.launcher.TestIdentifier;
import org.junit.platform.launcher.core.LauncherDiscoveryRequestBuilder;
import org.junit.platform.launcher.core.LauncherFactory;

/// Main class of the JVM that [NettyTestsTest] starts: runs Netty's tests of its two pools.
final class NettyTestsProgram {

    private static final int FRAMES = 6;

    private NettyTestsProgram() {}

    /// Prints a line `passed=`, `failed=` or `skipped=` for each test method, or for each invocation of a method that
    /// has parameters or is repeated. The line has the end of the class name, the method, and the invocation. A line
    /// `trace.` with the exception follows a failure.
    public static void main(String[] arguments) {
        LauncherDiscoveryRequest request = LauncherDiscoveryRequestBuilder.request()
                .selectors(
                        DiscoverySelectors.selectClass(AdaptiveByteBufAllocatorTest.class),
                        DiscoverySelectors.selectClass(PooledByteBufAllocatorTest.class))
                // Netty's tests bring a file that says otherwise
                .configurationParameter("junit.jupiter.execution.parallel.enabled", "false")
                // a busy machine is no reason to fail
                .configurationParameter("junit.jupiter.execution.timeout.mode", "disabled")
                .build();
        LauncherFactory.create().execute(request, new Printer());
        // some tests of Netty that fail leave a thread, which waits forever
        System.exit(0);
    }

    /// Prints results.
    private static final class Printer implements TestExecutionListener {
        @Override
        public void executionSkipped(TestIdentifier test, String reason) {
            System.out.println("skipped=" + nameOf(test));
        }

        @Override
        public void executionFinished(TestIdentifier test, TestExecutionResult result) {
            Status status = result.getStatus();
            if (status == Status.SUCCESSFUL && test.isTest()) {
                System.out.println("passed=" + nameOf(test));
            } else if (status == Status.ABORTED) {
                System.out.println("skipped=" + nameOf(test));
            } else if (status == Status.FAILED) {
                System.out.println("failed=" + nameOf(test));
                result.getThrowable().ifPresent(thrown -> System.out.println("trace." + traceOf(thrown)));
            }
        }

        private static String nameOf(TestIdentifier test) {
            if (test.getSource().orElse(null) instanceof MethodSource method) {
                String className = method.getClassName();
                Segment last = test.getUniqueIdObject().getLastSegment();
                return className.substring(className.lastIndexOf('.') + 1) + "." + method.getMethodName()
                        + (last.getValue().startsWith("#") ? last.getValue() : "");
            }
            return test.getUniqueId();
        }

        private static String traceOf(Throwable thrown) {
            String frames = Arrays.stream(thrown.getStackTrace())
                    .map(StackTraceElement::toString)
                    .filter(frame -> frame.contains("io.netty") || frame.contains("io.leasehold"))
                    .limit(FRAMES)
                    .collect(Collectors.joining(", "));
            return "exception=" + thrown.toString().replaceAll("\\s+", " ") + ", frames=" + frames;
        }
    }
}
