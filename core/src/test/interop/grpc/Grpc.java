package interop;

import io.grpc.CallOptions;
import io.grpc.ManagedChannel;
import io.grpc.MethodDescriptor;
import io.grpc.MethodDescriptor.MethodType;
import io.grpc.Server;
import io.grpc.ServerServiceDefinition;
import io.grpc.netty.GrpcSslContexts;
import io.grpc.netty.NettyChannelBuilder;
import io.grpc.netty.NettyServerBuilder;
import io.grpc.stub.ClientCalls;
import io.grpc.stub.ServerCalls;
import io.grpc.stub.StreamObserver;
import io.netty.channel.ChannelOption;
import io.netty.handler.ssl.SslContextBuilder;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/// gRPC: unary calls, and one stream in both directions.
final class Grpc {

    private static final Bytes BYTES = new Bytes();
    private static final MethodDescriptor<byte[], byte[]> UNARY = method("interop/unary", MethodType.UNARY);
    private static final MethodDescriptor<byte[], byte[]> STREAM = method("interop/stream", MethodType.BIDI_STREAMING);

    private Grpc() {}

    public static void main(String[] args) {
        Interop.run(Grpc::run);
    }

    private static MethodDescriptor<byte[], byte[]> method(String name, MethodType type) {
        return MethodDescriptor.newBuilder(BYTES, BYTES)
                .setType(type)
                .setFullMethodName(name)
                .build();
    }

    private static void run(Trial trial) throws Exception {
        NettyServerBuilder builder = NettyServerBuilder.forAddress(new InetSocketAddress("127.0.0.1", 0))
                .addService(ServerServiceDefinition.builder("interop")
                        .addMethod(UNARY, ServerCalls.asyncUnaryCall((message, out) -> reply(trial, message, out)))
                        .addMethod(STREAM, ServerCalls.asyncBidiStreamingCall(out -> new Replies(trial, out)))
                        .build());
        if (trial.isByOption()) {
            builder.withOption(ChannelOption.ALLOCATOR, trial.allocator())
                    .withChildOption(ChannelOption.ALLOCATOR, trial.allocator());
        }
        if (Tls.isOn()) {
            builder.sslContext(GrpcSslContexts.configure(SslContextBuilder.forServer(Tls.keys()), Tls.provider())
                    .build());
        }
        Server server = builder.build().start();
        NettyChannelBuilder client =
                NettyChannelBuilder.forAddress(new InetSocketAddress("127.0.0.1", server.getPort()));
        if (trial.isByOption()) {
            client.withOption(ChannelOption.ALLOCATOR, trial.allocator());
        }
        if (Tls.isOn()) {
            client.sslContext(GrpcSslContexts.configure(SslContextBuilder.forClient(), Tls.provider())
                    .trustManager(Tls.trust())
                    .build());
        } else {
            client.usePlaintext();
        }
        ManagedChannel channel = client.build();
        int half = trial.requests() / 2;
        trial.load(0, half, 8, i -> unary(trial, channel, i));
        stream(trial, channel, half);
        channel.shutdown().awaitTermination(10, TimeUnit.SECONDS);
        server.shutdown().awaitTermination(10, TimeUnit.SECONDS);
    }

    private static void reply(Trial trial, byte[] message, StreamObserver<byte[]> out) {
        out.onNext(trial.served(number(message), content(message)));
        out.onCompleted();
    }

    private static CompletableFuture<byte[]> unary(Trial trial, ManagedChannel channel, int i) {
        CompletableFuture<byte[]> got = new CompletableFuture<>();
        ClientCalls.asyncUnaryCall(
                channel.newCall(UNARY, CallOptions.DEFAULT), message(i, trial.request(i)), new Single(got));
        return got;
    }

    /// Sends the second half in one stream. The replies come in the order of the requests.
    private static void stream(Trial trial, ManagedChannel channel, int first) throws InterruptedException {
        var waiting = new java.util.concurrent.ConcurrentLinkedQueue<CompletableFuture<byte[]>>();
        StreamObserver<byte[]> out = ClientCalls.asyncBidiStreamingCall(
                channel.newCall(STREAM, CallOptions.DEFAULT), new StreamObserver<>() {
                    @Override
                    public void onNext(byte[] reply) {
                        waiting.remove().complete(reply);
                    }

                    @Override
                    public void onError(Throwable failure) {
                        waiting.forEach(each -> each.completeExceptionally(failure));
                    }

                    @Override
                    public void onCompleted() {}
                });
        trial.load(first, trial.requests() - first, 8, i -> {
            CompletableFuture<byte[]> got = new CompletableFuture<>();
            waiting.add(got);
            out.onNext(message(i, trial.request(i)));
            return got;
        });
        out.onCompleted();
    }

    private static byte[] message(int number, byte[] content) {
        return ByteBuffer.allocate(4 + content.length)
                .putInt(number)
                .put(content)
                .array();
    }

    private static int number(byte[] message) {
        return ByteBuffer.wrap(message).getInt();
    }

    private static byte[] content(byte[] message) {
        return Arrays.copyOfRange(message, 4, message.length);
    }

    private record Replies(Trial trial, StreamObserver<byte[]> out) implements StreamObserver<byte[]> {

        @Override
        public void onNext(byte[] message) {
            out.onNext(trial.served(number(message), content(message)));
        }

        @Override
        public void onError(Throwable failure) {
            trial.wrong("stream failed: " + failure);
        }

        @Override
        public void onCompleted() {
            out.onCompleted();
        }
    }

    private record Single(CompletableFuture<byte[]> got) implements StreamObserver<byte[]> {

        @Override
        public void onNext(byte[] reply) {
            got.complete(reply);
        }

        @Override
        public void onError(Throwable failure) {
            got.completeExceptionally(failure);
        }

        @Override
        public void onCompleted() {}
    }

    private static final class Bytes implements MethodDescriptor.Marshaller<byte[]> {

        @Override
        public InputStream stream(byte[] value) {
            return new ByteArrayInputStream(value);
        }

        @Override
        public byte[] parse(InputStream stream) {
            try {
                return stream.readAllBytes();
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }
}
