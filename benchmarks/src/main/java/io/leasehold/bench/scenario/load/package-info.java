/// The load generator: HTTP/1.1 traffic that is the same for every server.
///
/// **The generator must not limit the measurement.** Requests are prepared before the load begins. A few lines of its
/// own code parse the answers instead of a codec. Its allocator and JVM flags never change. It has its own JVM, whose
/// only thread does nothing else.
///
/// **The generator checks everything.** Every answer is compared with the request, byte by byte. At a fixed rate the
/// send times are set beforehand, and latencies count from them. So a server that stalls is charged for the requests
/// that had to wait. A generator that waited for the server would leave them out (coordinated omission).
@NullMarked
package io.leasehold.bench.scenario.load;

import org.jspecify.annotations.NullMarked;
