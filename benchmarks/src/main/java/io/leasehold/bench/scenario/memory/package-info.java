/// The memory scenario: what stays resident after a burst, in a steady state, and with many threads.
///
/// Each term is a JVM of its own, because an allocator returns memory only partly and later terms would see the rest.
/// The JVM touches its heap first, and uses only C1, so that resident memory changes with the buffers alone. In the
/// mixed scenarios, 8 event loops and 16 platform threads allocate 1 GiB in mixed sizes and release it. The threads go
/// on with light traffic, with a trickle, or with nothing.
@NullMarked
package io.leasehold.bench.scenario.memory;

import org.jspecify.annotations.NullMarked;
