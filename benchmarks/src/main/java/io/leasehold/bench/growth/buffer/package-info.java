/// The questions of the growth benchmark to allocators of buffers, ours and Netty's: what a server does that holds
/// much, or has many threads or allocators, and that must not cost more because of it.
@NullMarked
package io.leasehold.bench.growth.buffer;

import org.jspecify.annotations.NullMarked;
