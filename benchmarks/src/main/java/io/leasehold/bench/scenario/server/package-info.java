/// The server scenario: an HTTP server that runs in turn with Leasehold, Netty's adaptive and Netty's pooled allocator.
///
/// **Server, load generator and scenario each have their own JVM.** On a machine with two cores, one runs the server's
/// event loop and the other the generator. The server is what a user of Netty would write: a codec, an aggregator, a
/// handler that allocates answers from the channel's allocator, and default leak detection. Only that allocator
/// differs.
///
/// **The memory of the allocator** is the resident memory above a baseline. The JVM touches its heap when it starts.
/// The baseline is read after a warm-up that compiles the code. The warm-up has a few connections with one request in
/// flight each, so hardly any buffer is pooled then. After a load with many connections, the difference is the memory
/// that the allocator keeps.
@NullMarked
package io.leasehold.bench.scenario.server;

import org.jspecify.annotations.NullMarked;
