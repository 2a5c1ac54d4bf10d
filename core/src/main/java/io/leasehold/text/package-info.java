/// Text that is the same on every machine.
///
/// ## Why
///
/// * **Not `String.format`.** It writes digits and separators of the default locale: in some of them 4096 does not
///   contain the character `4`. Logs, beans and error messages are searched by people and by programs. So every package
///   formats with [Texts], and `HouseRulesTest` rejects the methods of the JDK that use the default locale.
@NullMarked
package io.leasehold.text;

import org.jspecify.annotations.NullMarked;
