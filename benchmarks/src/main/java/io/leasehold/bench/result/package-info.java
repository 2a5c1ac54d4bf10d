/// What a run measured, as it lies in its folder: `jmh.json` in the format of JMH, and beside it the records of this
/// package as JSON.
///
/// The scenarios write it, the report and the README's figures are made from it and from nothing else; so a published
/// number can be made again from its folder.
@NullMarked
package io.leasehold.bench.result;

import org.jspecify.annotations.NullMarked;
