/// Memory order on real memory: every release and acquire that the library pairs has a test here, which its comment
/// names.
@NullMarked
package io.leasehold.stress;

import org.jspecify.annotations.NullMarked;
