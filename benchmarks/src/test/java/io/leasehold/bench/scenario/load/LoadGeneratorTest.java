package io.leasehold.bench.scenario.load;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.InputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Path;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LoadGeneratorTest {

    private static final int READ_LIMIT_MILLIS = 8_000;

    @TempDir
    Path folder;

    /// A server that accepts the connection and never answers the handshake.
    @Test
    void interruptedHandshakeLeavesNoConnectionOpen() throws Exception {
        try (ServerSocket silent = new ServerSocket(0, 8, InetAddress.getLoopbackAddress());
                LoadGenerator generator = new LoadGenerator(
                        silent.getLocalPort(),
                        Keys.load(Keys.make(folder)).client(),
                        new Deck(FileTree.standard(), 1))) {
            FutureTask<@Nullable Void> phase = new FutureTask<>(() -> {
                generator.run(new LoadPhase(2, 1, 0, 50, 300), () -> {}, () -> {});
                return null;
            });
            Thread thread = Thread.ofPlatform().start(phase);
            try (Socket connection = silent.accept()) {
                connection.setSoTimeout(READ_LIMIT_MILLIS); // shorter than the limit of the handshake
                InputStream in = connection.getInputStream();
                assertThat(in.read()).as("first byte of the handshake").isEqualTo(22);
                thread.interrupt();
                in.readAllBytes(); // ends when the client closes
            }
            thread.join();
            assertThatThrownBy(phase::get)
                    .isInstanceOf(ExecutionException.class)
                    .hasCauseInstanceOf(InterruptedException.class);
        }
    }
}
