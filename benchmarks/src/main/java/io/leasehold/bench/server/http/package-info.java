/// The rules of HTTP/1.1 that a server of files keeps: how fast requests are read, what a request may say, and how a
/// connection ends.
///
/// @see <a href="https://www.rfc-editor.org/rfc/rfc9110">RFC 9110</a>
/// @see <a href="https://www.rfc-editor.org/rfc/rfc9112">RFC 9112</a>
@NullMarked
package io.leasehold.bench.server.http;

import org.jspecify.annotations.NullMarked;
