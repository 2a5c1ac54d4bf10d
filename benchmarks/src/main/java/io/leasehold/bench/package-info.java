/// Benchmarks: what Leasehold costs, compared with what it replaces. Each class answers one question.
///
/// A benchmark and its baselines are in one class. The name of a baseline is the name of the benchmark with a word
/// added (`page`, `pageMalloc`). [Main] pairs them by name.
@NullMarked
package io.leasehold.bench;

import org.jspecify.annotations.NullMarked;
