/// The numbers of allocators as meters of Micrometer, which is an optional dependency of this package alone.
///
/// Micrometer's own binder for Netty (`NettyAllocatorMetrics`) accepts a `LeasedByteBufAllocator` too, and shows the
/// two numbers of `ByteBufAllocatorMetric`. Reactor Netty's built-in meters know Netty's own classes only. So servers
/// of both kinds use the binder of this package.
///
/// (2026-11)
@NullMarked
package io.leasehold.observe.micrometer;

import org.jspecify.annotations.NullMarked;
