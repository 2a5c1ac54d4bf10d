/// The growth benchmark: does an operation cost more if the process has more memory in use?
///
/// ```text
///   GrowthPlan -----> GrowthScenario --- a JVM for each measurement ---> GrowthProcess ---> question.*
///   which n, which         |        <------------ Point -----------------                       measure.*
///   allocator              v
///                     GrowthResult --- growth.json ---> the report: exponents, tables and charts
/// ```
///
/// A question is a class in `question` that measures one `n`. The report takes all texts from the results. The
/// exponent is the slope of the logarithm of the cost over the logarithm of `n`: 0 for a constant cost, 1 for a cost
/// that is proportional to `n`.
@NullMarked
package io.leasehold.bench.scenario.growth;

import org.jspecify.annotations.NullMarked;
