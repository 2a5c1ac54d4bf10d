/// The cost of the first buffer of a JVM: Leasehold, and Leasehold by its agent, compared with Netty's two allocators.
///
/// ```text
///   cold:   start of the JVM --------------------- first buffer ---> released ---> compilers are quiet
///           | both times begin                                       | time ends   | processor time ends
///
///   warm:   start of the JVM ---> another buffer ---> quiet ---> first buffer ---> released ---> quiet
///                                                     | both times begin           | time ends   | processor time ends
/// ```
///
/// The parent reads the processor time of every JVM from outside. So a JVM loads no class for its own measurement.
@NullMarked
package io.leasehold.bench.scenario.first;

import org.jspecify.annotations.NullMarked;
