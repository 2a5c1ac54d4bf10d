/// The results of a run in readable form: tables for the terminal, a page for the browser, and the figures of the
/// README.
///
/// Everything that is shown is a list of comparisons ([Comparison]): one figure of Leasehold beside its baselines, in
/// one or more cases. The classes `...Comparisons` make them from the results, and the page, the terminal, the README
/// and the check against an earlier run ([Regression]) use them. The templates `page.peb` and `resident.peb` lay out
/// the page and the chart of the README. One class uses the chart library ([Charts]) and one the template engine
/// ([Report]).
///
/// **Ratios** above 1 mean that Leasehold is better, whatever the unit. A case in which Leasehold is worse comes first,
/// in the same size and with the same words as one in which it is better.
///
/// **Verdicts** need an error. There is no verdict with fewer than five rounds of a scenario, and none on a machine
/// that was busy with other work. The error of one reading of resident memory is how much such readings vary.
///
/// The page is a single file without references to other files, because it is sent by mail and opened years later. It
/// has no script. `Check` reads the written page and reports what is missing.
@NullMarked
package io.leasehold.bench.report;

import org.jspecify.annotations.NullMarked;
