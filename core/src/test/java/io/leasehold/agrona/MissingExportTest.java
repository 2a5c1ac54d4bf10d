package io.leasehold.agrona;

import static org.assertj.core.api.Assertions.assertThat;

import io.leasehold.os.ForkedJvm;
import java.io.File;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.Test;

/// Without the option that Agrona needs, every call throws an exception that names the option.
class MissingExportTest {

    private static final String EXPORT = "--add-exports";
    private static final String TO_UNNAMED = "java.base/jdk.internal.misc=ALL-UNNAMED";
    private static final String TO_AGRONA = "java.base/jdk.internal.misc=org.agrona";

    private static final Path TESTS = ForkedJvm.rootOf(MissingExportTest.class);
    private static final Path LEASEHOLD = ForkedJvm.rootOf(LeaseBuffers.class);
    private static final Path AGRONA = ForkedJvm.rootOf(UnsafeBuffer.class);

    @Test
    void isNamedOnTheClassPath() throws Exception {
        assertAsksFor(TO_UNNAMED, onClassPath());
    }

    @Test
    void isEnoughOnTheClassPath() throws Exception {
        assertWorks(onClassPath(EXPORT, TO_UNNAMED));
    }

    @Test
    void isNamedOnTheModulePath() throws Exception {
        assertAsksFor(TO_AGRONA, onModulePath());
    }

    @Test
    void isNamedOnTheModulePathWhereTheOneOfTheClassPathWasGiven() throws Exception {
        assertAsksFor(TO_AGRONA, onModulePath(EXPORT, TO_UNNAMED));
    }

    @Test
    void isEnoughOnTheModulePath() throws Exception {
        assertWorks(onModulePath(EXPORT, TO_AGRONA));
    }

    private static void assertAsksFor(String option, ForkedJvm jvm) {
        String error =
                "java.lang.IllegalStateException: agrona cannot access Unsafe of the JDK, add " + EXPORT + " " + option;
        assertThat(jvm.output().lines()).contains("1: " + error, "2: " + error);
        assertThat(jvm.exitCode()).isZero();
    }

    private static void assertWorks(ForkedJvm jvm) {
        assertThat(jvm.output().lines()).contains("1: works, capacity=4096", "2: works, capacity=4096");
        assertThat(jvm.exitCode()).isZero();
    }

    private static ForkedJvm onClassPath(String... options) throws Exception {
        return ForkedJvm.run(List.of(TESTS, LEASEHOLD, AGRONA), MissingExportProbe.class, options);
    }

    private static ForkedJvm onModulePath(String... options) throws Exception {
        Stream<String> modules = Stream.of(
                "--module-path=" + LEASEHOLD + File.pathSeparator + AGRONA,
                "--patch-module=io.leasehold=" + TESTS,
                "--add-modules=io.leasehold,org.agrona");
        String[] all = Stream.concat(modules, Stream.of(options)).toArray(String[]::new);
        return ForkedJvm.run(List.of(TESTS), MissingExportProbe.class, all);
    }
}
