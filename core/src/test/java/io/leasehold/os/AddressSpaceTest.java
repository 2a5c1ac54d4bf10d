package io.leasehold.os;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

class AddressSpaceTest {

    private static final String DENY = "--illegal-native-access=deny";
    private static final String SMALL = "-Dio.leasehold.portableBytes=1048576";

    @Test
    void addressesOfTheSystemPointIntoIt() {
        VirtualMemory memory = VirtualMemory.system();
        long address = memory.reserve(memory.pageSize(), memory.pageSize());
        memory.commit(address, memory.pageSize());
        AddressSpace.ALL.set(ValueLayout.JAVA_LONG, address - AddressSpace.BASE, 42);
        assertThat(AddressSpace.ALL.get(ValueLayout.JAVA_LONG, address - AddressSpace.BASE))
                .isEqualTo(42);
        memory.release(address, memory.pageSize());
    }

    @Test
    void baseIsZeroExactlyIfItIsNative() {
        assertThat(AddressSpace.BASE == 0).isEqualTo(AddressSpace.isNative());
        assertThat(AddressSpace.ALL.address()).isEqualTo(AddressSpace.BASE);
    }

    @Test
    void isNativeWithoutAnyOption() throws Exception {
        assumeNativeIsPossible();
        ForkedJvm jvm = ForkedJvm.run(AddressSpaceProbe.class);
        assertThat(jvm.output()).contains("works, isNative=true").doesNotContain("portable");
        assertThat(jvm.exitCode()).isZero();
    }

    @Test
    void logsNothingIfNativeAccessIsEnabled() throws Exception {
        assumeNativeIsPossible();
        ForkedJvm jvm = ForkedJvm.run(AddressSpaceProbe.class, "--enable-native-access=ALL-UNNAMED", DENY);
        assertThat(jvm.output()).contains("works, isNative=true").doesNotContain("WARNING", "portable");
    }

    @Test
    void isPortableIfNativeAccessIsRefusedAndLogsTheOptionToAdd() throws Exception {
        assumeNativeIsPossible();
        ForkedJvm jvm = ForkedJvm.run(AddressSpaceProbe.class, DENY);
        assertThat(jvm.output())
                .contains("works, isNative=false")
                .containsOnlyOnce("portable memory is in use: native access is refused, "
                        + "add --enable-native-access=ALL-UNNAMED");
        assertThat(jvm.exitCode()).isZero();
    }

    @Test
    void isPortableIfAskedFor() throws Exception {
        ForkedJvm jvm = ForkedJvm.run(AddressSpaceProbe.class, "-Dio.leasehold.memory=portable", SMALL);
        assertThat(jvm.output())
                .contains("portable memory is in use: asked for by io.leasehold.memory=portable")
                .contains("works, isNative=false, memory=PortableVirtualMemory(segmentBytes=1048576");
        assertThat(jvm.exitCode()).isZero();
    }

    @Test
    void isPortableOnAnUnknownSystem() throws Exception {
        ForkedJvm jvm = ForkedJvm.run(AddressSpaceProbe.class, "-Dos.arch=unheard", SMALL);
        assertThat(jvm.output()).contains("this system is not known, os.name=").contains("os.arch=unheard");
        assertThat(jvm.output()).contains("works, isNative=false");
    }

    @Test
    void isPortableOnFileSystemInMemory() throws Exception {
        Path inMemory = Path.of("/dev/shm");
        assumeTrue(Files.isWritable(inMemory), "there is no file system in memory");
        ForkedJvm jvm = ForkedJvm.run(AddressSpaceProbe.class, DENY, SMALL, "-Djava.io.tmpdir=" + inMemory);
        assertThat(jvm.output()).contains("works, isNative=false").contains("segmentBytes=1048576");
    }

    @Test
    void isPortableWithoutAnyFile() throws Exception {
        ForkedJvm jvm =
                ForkedJvm.run(AddressSpaceProbe.class, "-Dio.leasehold.memory=portable", "-Djava.io.tmpdir=missing");
        assertThat(jvm.output())
                .contains("works, isNative=false, memory=PortableVirtualMemory(segmentBytes=" + (64 << 20))
                .contains("portable memory is smaller than requested: ")
                .contains("refusal=java.nio.file.NoSuchFileException: missing");
    }

    @Test
    void nativeThatIsImpossibleIsAnError() throws Exception {
        assumeNativeIsPossible();
        ForkedJvm jvm = ForkedJvm.run(AddressSpaceProbe.class, "-Dio.leasehold.memory=native", DENY);
        assertThat(jvm.output())
                .contains("io.leasehold.memory=native is impossible: native access is refused, "
                        + "add --enable-native-access=ALL-UNNAMED");
        assertThat(jvm.exitCode()).isNotZero();
    }

    @Test
    void unknownMemoryIsAnErrorThatNamesTheValueAndTheAllowedOnes() throws Exception {
        ForkedJvm jvm = ForkedJvm.run(AddressSpaceProbe.class, "-Dio.leasehold.memory=virtual");
        assertThat(jvm.output()).contains("io.leasehold.memory is neither native nor portable: value=virtual");
        assertThat(jvm.exitCode()).isNotZero();
    }

    private static void assumeNativeIsPossible() {
        assumeTrue(OsOptions.ofSystem().isKnownLinux(), "there are no native calls for this system");
    }
}
