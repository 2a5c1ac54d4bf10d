/// The tools with which a question of the growth benchmark measures: a clock for operations, a second thread, processor
/// time, and arrays of buffers.
///
/// A question ([io.leasehold.bench.growth.measure.GrowthQuestion]) measures one `n` at a time, in a JVM of its own, and
/// knows nothing of processes or reports.
@NullMarked
package io.leasehold.bench.growth.measure;

import org.jspecify.annotations.NullMarked;
