/// The questions of the growth benchmark to the layers below buffers: runs of pages, leases, the jumbo ring and file
/// windows. There is no other allocator to put them to.
@NullMarked
package io.leasehold.bench.growth.page;

import org.jspecify.annotations.NullMarked;
