/// Errors of the operating system that a program can catch.
///
/// Every package throws [SystemCallException] when the kernel refuses a call. [Errno] names the error numbers.
/// [StateKind] has the reasons why the state of a page, lease, file or window does not allow a call.
///
/// ## Why
///
/// * **A package of its own, at the bottom.** Every layer throws this exception, and users on the module path must be
///   able to name it in a `catch`. The package `io.leasehold.os`, which makes the calls, is not exported.
/// * **Unchecked.** Most callers can do nothing about a refused `mprotect`. A caller that can do something reads
///   [errno][SystemCallException#errno].
@NullMarked
package io.leasehold.error;

import org.jspecify.annotations.NullMarked;
