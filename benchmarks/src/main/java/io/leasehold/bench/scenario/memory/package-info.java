/// The memory scenario: what stays resident after a burst, in a steady state, and with many threads.
///
/// Each term is a JVM of its own, because an allocator returns memory only partly and later terms would see the rest.
/// The JVM touches its heap first, and uses only the first compiler, so that resident memory changes with the buffers
/// alone. The mixed scenarios are those of the field: 8 event loops and 16 platform threads allocate 1 GiB in mixed
/// sizes, release it, and go on with light traffic, with a trickle, or with nothing.
@NullMarked
package io.leasehold.bench.scenario.memory;

import org.jspecify.annotations.NullMarked;
