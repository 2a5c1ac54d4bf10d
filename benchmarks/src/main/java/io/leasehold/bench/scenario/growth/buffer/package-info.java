/// The questions of the growth benchmark for buffer allocators, Leasehold's and Netty's. A server with much memory in
/// use, many threads or many allocators should not have higher costs because of that.
@NullMarked
package io.leasehold.bench.scenario.growth.buffer;

import org.jspecify.annotations.NullMarked;
