/// Shows which component holds memory: exact counts by tag and size.
///
/// ```text
///   Holder    sets the tag of a thread
///   Holders   reads the holders of the process: a list of Holding
/// ```
///
/// ## Why
///
/// * **A tag is a name, not an object of the caller.** Reports, metrics and files need names, and an object would keep
///   the class loader of an application reachable.
@NullMarked
package io.leasehold.observe;

import org.jspecify.annotations.NullMarked;
