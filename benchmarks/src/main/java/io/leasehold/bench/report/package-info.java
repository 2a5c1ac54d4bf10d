/// What a run measured, for people: a table for the terminal, a page for the browser, and the figures of the README.
///
/// All of it is made from a folder of results and from nothing else, so a published folder gives its report again.
/// What belongs together is found by name (`Pairing`), what a benchmark asks stands in one place (`Question`), and one
/// class knows the library that draws (`Charts`).
///
/// The page is one file that asks for nothing else: it is sent by mail and opened years later. It has no script. Where
/// we lose stands in the same place, in the same size and in a word, as where we win. `Check` reads the written page
/// and says what is missing in it.
@NullMarked
package io.leasehold.bench.report;

import org.jspecify.annotations.NullMarked;
