/// Benchmarks: what Leasehold costs, compared with what it replaces. [Main] runs them.
///
/// A package uses only packages below it. `HouseRulesTest` of this module checks that.
///
/// ```text
/// run        this package: options, conditions, and the parts of a run
/// report     the page, the tables, and the check against an earlier run
/// jmh        questions about single operations, asked by JMH
/// scenario   questions about whole processes: servers, memory, receivers, growth
/// process    child JVMs, the terms that use them, and what is read from them
/// subject    the compared allocators, the modes of the JVM, the forms of a run, and the sizes of buffers
/// result     what was measured, as files in a folder
/// ```
///
/// `jmh` and `scenario` do not use each other, and `report` uses only `result`. So the report of a published folder can
/// be written again at any time.
@NullMarked
package io.leasehold.bench;

import org.jspecify.annotations.NullMarked;
