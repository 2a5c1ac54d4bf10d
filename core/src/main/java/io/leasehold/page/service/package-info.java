/// The part of an arena that only the layers above use. This package is not exported.
///
/// ```text
///   ArenaAccess ---> ArenaServices     of one arena, implemented by `page`
///     PageOwner        a heap or pool that has pages, with its name
///     PageReclaimer    a heap or pool that caches free pages; a Pace limits each piece of its background work
///     RefusingLimit    the limit that refused a request, and the tags of the memory below it
///     PageFile         maps pages at further addresses
/// ```
///
/// ## Why
///
/// * **A package of its own.** An exported class would show these methods to every user, and a user could
///   change the owner of any page with them. The types lie below `page`, so that packages have no cycle.
@NullMarked
package io.leasehold.page.service;

import org.jspecify.annotations.NullMarked;
