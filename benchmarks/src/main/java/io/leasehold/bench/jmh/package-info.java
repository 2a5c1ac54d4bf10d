/// The benchmarks of single operations. Each class asks one question.
///
/// The allocators are values of a parameter, and the modes of the JVM are options of the runner, so that a method is
/// written once. The texts of a question and of its cases are annotations ([Question], [Case]); they are stored beside
/// the results. A benchmark and the baselines that are not allocators are in one class.
@NullMarked
package io.leasehold.bench.jmh;

import org.jspecify.annotations.NullMarked;
