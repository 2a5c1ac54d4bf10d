package io.leasehold.os;

import static org.assertj.core.api.Assertions.assertThat;

import io.leasehold.memory.FaultedSteps;
import io.leasehold.memory.JavaFaults;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// Opens and closes a memory file, a file and a socket of the kernel, and meets each failure of the Java side at each
/// step. A descriptor that no object holds is lost.
final class NativeJavaFaultProgram implements Consumer<JavaFaults.Mode> {

    private static final long BYTES = 1 << 16;

    private final VirtualMemory memory = LinuxVirtualMemory.open();
    private final Files files = new LinuxFiles();
    private final Datagrams datagrams = LinuxDatagrams.open();
    private int memoryFile = -1;
    private int file = -1;
    private @Nullable UdpSocket socket;

    @Override
    public void accept(JavaFaults.Mode mode) {
        Path path = temporaryFile();
        InetSocketAddress local = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
        openMemory();
        openFile(path);
        openSocket(local);
        close(); // initializes the classes, which is not repeated after a failure
        long others = descriptors();
        FaultedSteps steps = new FaultedSteps(
                mode, () -> assertThat(descriptors()).as("descriptors").isEqualTo(others + held()));
        steps.run("create a memory file", this::openMemory);
        steps.run("open a file", () -> openFile(path));
        steps.run("open a socket", () -> openSocket(local));
        close();
        assertThat(descriptors()).as("descriptors at the end").isEqualTo(others);
    }

    private void openMemory() {
        if (memoryFile < 0) {
            memoryFile = memory.createMemory("faults", BYTES);
        }
    }

    private void openFile(Path path) {
        if (file < 0) {
            file = files.open(path, Files.Access.READ);
        }
    }

    private void openSocket(InetSocketAddress local) {
        if (socket == null) {
            socket = datagrams.open(local, UdpOptions.DEFAULTS);
        }
    }

    private void close() {
        memory.closeMemory(memoryFile);
        memoryFile = -1;
        files.close(file);
        file = -1;
        if (socket != null) {
            socket.close();
            socket = null;
        }
    }

    private int held() {
        return (memoryFile < 0 ? 0 : 1) + (file < 0 ? 0 : 1) + (socket == null ? 0 : 1);
    }

    private static long descriptors() {
        try (Stream<Path> open = java.nio.file.Files.list(Path.of("/proc/self/fd"))) {
            return open.count();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static Path temporaryFile() {
        try {
            Path path = java.nio.file.Files.createTempFile("faults", ".bytes");
            path.toFile().deleteOnExit();
            return path;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
