/// The numbers of allocators as instruments of OpenTelemetry, whose API is an optional dependency of this package
/// alone.
///
/// (2026-11)
@NullMarked
package io.leasehold.observe.otel;

import org.jspecify.annotations.NullMarked;
