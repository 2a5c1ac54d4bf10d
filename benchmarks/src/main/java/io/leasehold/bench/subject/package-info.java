/// The subjects of the comparisons: the allocators by name, the modes in which the JDK runs Netty, the forms of a run,
/// distributions of sizes, and files without a name.
///
/// An allocator from outside is opened by the name of its class, so that every benchmark and scenario can use it.
@NullMarked
package io.leasehold.bench.subject;

import org.jspecify.annotations.NullMarked;
