/// The questions of the growth benchmark for the layers below buffers: runs of pages, leases, the jumbo pool and file
/// windows. No other allocator has such layers.
@NullMarked
package io.leasehold.bench.scenario.growth.page;

import org.jspecify.annotations.NullMarked;
