/// The results of a run in readable form: a table for the terminal, a page for the browser, and the figures of the
/// README.
///
/// All of it is computed from a folder of results alone, so the report of a published folder can be generated again.
/// Related results are found by name (`Pairing`). The text of each question is in one place (`Question`). One class
/// uses the chart library (`Charts`).
///
/// The page is a single file without references to other files, because it is sent by mail and opened years later. It
/// has no script. A result in which Leasehold is worse is shown in the same place, in the same size and with the same
/// words as one in which it is better. `Check` reads the written page and reports what is missing.
@NullMarked
package io.leasehold.bench.report;

import org.jspecify.annotations.NullMarked;
