/// The growth benchmark: does an operation cost more because the process holds more?
///
/// ```text
///   GrowthPlan -----> GrowthScenario --- a JVM for each measurement ---> GrowthProcess ---> buffer.* page.*
///   which n, which         |        <------------ PointLine -------------                       measure.*
///   allocator              v
///                     GrowthResult --- growth.json ---> the report: exponents, tables and charts
/// ```
///
/// A question is a class in `buffer` or `page` that measures one `n`; the report learns all of its words from the
/// results. The exponent is the slope of the logarithm of the cost over the logarithm of `n`: 0 is a cost that does not
/// grow, 1 one that doubles with `n`.
@NullMarked
package io.leasehold.bench.growth;

import org.jspecify.annotations.NullMarked;
