/// Who asks: a generator of HTTP/1.1 traffic that is the same for every server it is sent to.
///
/// **It must not be what is measured.** Requests are made before the load begins, answers are read with a few lines of
/// its own and not with a codec, its allocator and JVM flags never change, and its one thread does nothing else. It has
/// a JVM for itself.
///
/// **It believes nothing.** Every answer is compared with what was asked for, byte by byte. At a fixed rate the times
/// of sending are set beforehand, and a latency counts from then: a server that stalls is charged for the requests that
/// had to wait, which a generator that waits along would leave out (coordinated omission).
@NullMarked
package io.leasehold.bench.load;

import org.jspecify.annotations.NullMarked;
