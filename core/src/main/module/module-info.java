/// Off-heap memory that is leased, bounded and given back. The package `io.leasehold` describes the architecture.
module io.leasehold {
    requires static io.opentelemetry.api;
    requires static micrometer.core;
    requires static io.netty.buffer;
    requires static io.netty.common;
    requires static io.netty.handler;
    requires static io.netty.transport;
    requires static io.netty.transport.classes.io_uring;
    requires static org.agrona;
    requires static org.eclipse.jetty.io;
    requires static java.management;
    requires static jdk.jfr;
    requires static org.jspecify;
    requires static com.google.errorprone.annotations;
    requires static undertow.core;

    exports io.leasehold.agrona;
    exports io.leasehold.budget;
    exports io.leasehold.datagram;
    exports io.leasehold.error;
    exports io.leasehold.jetty;
    exports io.leasehold.jumbo;
    exports io.leasehold.lease;
    exports io.leasehold.netty;
    exports io.leasehold.netty.file;
    exports io.leasehold.netty.uring;
    exports io.leasehold.observe;
    exports io.leasehold.observe.micrometer;
    exports io.leasehold.observe.otel;
    exports io.leasehold.page;
    exports io.leasehold.slab.block;
    exports io.leasehold.undertow;
    exports io.leasehold.window;
}
