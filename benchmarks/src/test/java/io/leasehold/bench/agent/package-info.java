/// Tests of the packaged jars: the agent, and the command `stat`. They are in this module because the jars of `core`
/// exist only after the tests of `core`.
@NullMarked
package io.leasehold.bench.agent;

import org.jspecify.annotations.NullMarked;
