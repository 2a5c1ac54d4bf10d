/// The questions of the growth benchmark: a server with much memory in use, many threads or many allocators should not
/// have higher costs because of that. Most questions about buffers are asked of Leasehold and of Netty. Questions about
/// the layers below buffers (runs of pages, leases, the jumbo pool, file windows) have no other allocator to compare
/// with.
@NullMarked
package io.leasehold.bench.scenario.growth.question;

import org.jspecify.annotations.NullMarked;
