/// The results of a run as files in a folder: `jmh.json` in the format of JMH, and the records of this package as JSON.
///
/// The scenarios write the files. The report and the figures of the README are made from the files alone, so a
/// published number can be computed again from its folder.
@NullMarked
package io.leasehold.bench.result;

import org.jspecify.annotations.NullMarked;
