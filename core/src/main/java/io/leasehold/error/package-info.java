/// Errors of the operating system that a program can catch.
///
/// [SystemCallException] is thrown by every package when the kernel refuses a call. [Errno] names its error numbers.
///
/// ## Why
///
/// * **A package of its own, at the bottom.** Every layer throws this exception, and users on the module path must be
///   able to name it in a `catch`. The package `io.leasehold.os`, which makes the calls, is not exported.
/// * **Unchecked.** Most callers can do nothing about a refused `mprotect`. A caller that can, reads
///   [errno][SystemCallException#errno].
@NullMarked
package io.leasehold.error;

import org.jspecify.annotations.NullMarked;
