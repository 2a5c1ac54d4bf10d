package io.leasehold.os;

import io.leasehold.error.Errno;
import io.leasehold.error.SystemCallException;
import java.net.InetSocketAddress;

/// Datagram sockets that fail on request. They throw the exception of the real sockets, or return their result if the
/// error is one: EAGAIN of a receive, send or wait.
///
/// A call that fails does not reach the real socket. Close is an exception: it closes the real socket even if it fails,
/// as close(2) does. Faults are armed through [#faults], for all sockets together.
///
/// **Ownership.** Does not own the real sockets' [Datagrams]. Each socket opened here owns its real socket.
///
/// **Threads.** Thread-safe.
public final class FaultyDatagrams implements Datagrams {

    /// The calls that can be made to fail.
    public enum Call {
        OPEN("bind"),
        CONNECT("connect"),
        ENABLE_GRO("setsockopt"),
        RESIZE("setsockopt"),
        RECEIVE("recvmsg"),
        SEND("sendmsg"),
        AWAIT("ppoll"),
        CLOSE("close");

        private final String name; // (C)

        Call(String name) {
            this.name = name;
        }
    }

    private final Datagrams delegate; // (C)
    private final Faults<Call> faults = new Faults<>(Call.class); // (C)

    public FaultyDatagrams(Datagrams delegate) {
        this.delegate = delegate;
    }

    /// {@return the armed faults}
    public Faults<Call> faults() {
        return faults;
    }

    @Override
    public boolean can(Capability capability) {
        return delegate.can(capability);
    }

    @Override
    public UdpSocket open(InetSocketAddress local, UdpOptions options) {
        enter(Call.OPEN, local);
        return new FaultySocket(delegate.open(local, options));
    }

    @Override
    public String toString() {
        return "FaultyDatagrams(" + faults + ", delegate=" + delegate + ")";
    }

    private void enter(Call call, InetSocketAddress local) {
        int errno = faults.countAndStrike(call);
        if (errno != 0) {
            throw refused(call, local, errno);
        }
    }

    /// Counts a call.
    ///
    /// @return true if the call goes on; false if it returns the result of EAGAIN
    private boolean enterOrAnswer(Call call, InetSocketAddress local) {
        int errno = faults.countAndStrike(call);
        if (errno != 0 && errno != Errno.EAGAIN) {
            throw refused(call, local, errno);
        }
        return errno == 0;
    }

    private static SystemCallException refused(Call call, InetSocketAddress local, int errno) {
        return new SystemCallException(call.name, "local=" + local, errno);
    }

    /// A socket with injected failures.
    private final class FaultySocket implements UdpSocket {

        private final UdpSocket socket; // (C)

        FaultySocket(UdpSocket socket) {
            this.socket = socket;
        }

        @Override
        public InetSocketAddress local() {
            return socket.local();
        }

        @Override
        public void connect(InetSocketAddress peer) {
            enter(Call.CONNECT, local());
            socket.connect(peer);
        }

        @Override
        public boolean enableGro() {
            enter(Call.ENABLE_GRO, local());
            return socket.enableGro();
        }

        @Override
        public int resizeReceiveBuffer(int byteSize) {
            enter(Call.RESIZE, local());
            return socket.resizeReceiveBuffer(byteSize);
        }

        @Override
        public int resizeSendBuffer(int byteSize) {
            enter(Call.RESIZE, local());
            return socket.resizeSendBuffer(byteSize);
        }

        @Override
        public int receive(Received into, int count) {
            into.begin(count);
            return enterOrAnswer(Call.RECEIVE, local()) ? socket.receive(into, count) : 0;
        }

        @Override
        public int send(Outgoing message, long address, int byteSize, int segmentSize) {
            return enterOrAnswer(Call.SEND, local())
                    ? socket.send(message, address, byteSize, segmentSize)
                    : WOULD_BLOCK;
        }

        @Override
        public boolean awaitReadable(long timeoutNanos) {
            return enterOrAnswer(Call.AWAIT, local()) && socket.awaitReadable(timeoutNanos);
        }

        @Override
        public boolean awaitWritable(long timeoutNanos) {
            return enterOrAnswer(Call.AWAIT, local()) && socket.awaitWritable(timeoutNanos);
        }

        @Override
        public long truncatedCount() {
            return socket.truncatedCount();
        }

        @Override
        public long splitCount() {
            return socket.splitCount();
        }

        @Override
        public void close() {
            socket.close();
            enter(Call.CLOSE, local());
        }

        @Override
        public String toString() {
            return "FaultySocket(" + socket + ")";
        }
    }
}
