/// Tests of memory order on real hardware. Every pair of a release and an acquire in the library has a test here, which
/// its "Memory order" comment names.
@NullMarked
package io.leasehold.stress;

import org.jspecify.annotations.NullMarked;
