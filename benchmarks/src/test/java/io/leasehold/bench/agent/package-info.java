/// Tests of the packaged jar of the agent. They are in this module because the jar of `core` exists only after the
/// tests of `core`.
@NullMarked
package io.leasehold.bench.agent;

import org.jspecify.annotations.NullMarked;
