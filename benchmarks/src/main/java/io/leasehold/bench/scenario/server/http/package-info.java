/// The rules of HTTP/1.1 that a file server follows: how fast requests are read, which requests are valid, and how a
/// connection ends.
///
/// @see <a href="https://www.rfc-editor.org/rfc/rfc9110">RFC 9110</a>
/// @see <a href="https://www.rfc-editor.org/rfc/rfc9112">RFC 9112</a>
@NullMarked
package io.leasehold.bench.scenario.server.http;

import org.jspecify.annotations.NullMarked;
