/// What Leasehold costs beside what it stands in for, one class a question.
///
/// A benchmark and its baselines stand in one class, and a baseline's name is that of ours with a word added (`page`,
/// `pageMalloc`): [Main] pairs them by that.
@NullMarked
package io.leasehold.bench;

import org.jspecify.annotations.NullMarked;
