module consumer {
    requires io.leasehold;
    requires io.netty.buffer;
    requires io.netty.common;
    requires io.netty.transport;
}
