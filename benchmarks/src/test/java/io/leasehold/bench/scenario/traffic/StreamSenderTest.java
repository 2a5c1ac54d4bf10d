package io.leasehold.bench.scenario.traffic;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.channels.SocketChannel;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class StreamSenderTest {

    private static final int READ_LIMIT_MILLIS = 20_000;

    /// The second connection is refused, or cannot be used.
    @Test
    void failedSenderLeavesNoConnectionOpen() throws Exception {
        for (boolean isRefused : new boolean[] {true, false}) {
            try (ServerSocket server = new ServerSocket(0, 8, InetAddress.getLoopbackAddress())) {
                List<SocketChannel> opened = new ArrayList<>();
                assertThatThrownBy(() -> {
                            StreamSender sender =
                                    new StreamSender(Traffic.SINK, () -> connect(server, opened, isRefused));
                            sender.close();
                        })
                        .isInstanceOf(IOException.class);
                assertThat(opened).hasSize(isRefused ? 1 : 2);
                try (Socket first = server.accept()) {
                    first.setSoTimeout(READ_LIMIT_MILLIS);
                    assertThat(first.getInputStream().read()).isNegative();
                }
            }
        }
    }

    private static SocketChannel connect(ServerSocket server, List<SocketChannel> opened, boolean isRefused)
            throws IOException {
        if (!opened.isEmpty() && isRefused) {
            throw new ConnectException("refused");
        }
        SocketChannel channel =
                SocketChannel.open(new InetSocketAddress(InetAddress.getLoopbackAddress(), server.getLocalPort()));
        if (!opened.isEmpty()) {
            channel.close();
        }
        opened.add(channel);
        return channel;
    }
}
