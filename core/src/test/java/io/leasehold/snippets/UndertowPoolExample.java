package io.leasehold.snippets;

import io.leasehold.undertow.LeasedBufferPool;
import io.undertow.Undertow;

/// The example in the Javadoc of [LeasedBufferPool].
public final class UndertowPoolExample {

    private UndertowPoolExample() {}

    /// {@return a builder of a server that uses a pool}
    public static Undertow.Builder server(LeasedBufferPool pool) {
        // @start region="example"
        Undertow.Builder server = Undertow.builder().setByteBufferPool(pool);
        // @end
        return server;
    }
}
