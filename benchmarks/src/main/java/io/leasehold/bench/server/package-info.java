/// Who answers, and the scenario in which ours, Netty's adaptive and Netty's pooled allocator do so in turn.
///
/// **Server, generator and scenario have a JVM each**, and the two cores of a small machine are thus the server's event
/// loop and the generator's. The server is what a user of Netty would write: codec, aggregator, a handler that takes
/// the answer's buffer from the channel's allocator, leak detection as it comes. Nothing but that allocator differs.
///
/// **What memory the allocator takes** is resident memory above a baseline. The JVM touches its heap when it starts.
/// The baseline is taken after a warm-up that compiles the code with a few connections, one request each, so that
/// hardly a buffer is pooled then; after a load with many, what an allocator keeps shows.
@NullMarked
package io.leasehold.bench.server;

import org.jspecify.annotations.NullMarked;
