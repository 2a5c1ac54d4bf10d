/// Static files under `wrk`: Leasehold beside nginx, and beside Netty's sendfile.
///
/// Users of a JVM would pick nginx for static files. So it is a side of its own, with one worker against one event
/// loop. Each side answers requests for one file at a time, over plain HTTP/1.1, and all files are in the page cache.
///
/// `wrk` and nginx are programs of the machine. A machine without `wrk` compares nothing, and one without nginx
/// compares the other sides. Both is said in one line.
@NullMarked
package io.leasehold.bench.scenario.wrk;

import org.jspecify.annotations.NullMarked;
