/// The report, from folders that are made by code.
@NullMarked
package io.leasehold.bench.report;

import org.jspecify.annotations.NullMarked;
