/// Child JVMs and the terms that use them, their memory and processor time, and the arguments of Maven.
///
/// Every measured process is a JVM of its own that ends with this one. So its figures do not contain the process that
/// reads them.
@NullMarked
package io.leasehold.bench.process;

import org.jspecify.annotations.NullMarked;
