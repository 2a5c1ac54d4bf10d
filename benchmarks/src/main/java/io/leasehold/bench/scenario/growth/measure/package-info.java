/// Tools for the questions of the growth benchmark: a stopwatch for operations, a second thread, and arrays of
/// buffers.
///
/// A question ([io.leasehold.bench.scenario.growth.measure.GrowthQuestion]) measures one `n` at a time in its own JVM.
/// It does not depend on processes or reports.
@NullMarked
package io.leasehold.bench.scenario.growth.measure;

import org.jspecify.annotations.NullMarked;
