/// Tests of the report, with folders that the tests create.
@NullMarked
package io.leasehold.bench.report;

import org.jspecify.annotations.NullMarked;
