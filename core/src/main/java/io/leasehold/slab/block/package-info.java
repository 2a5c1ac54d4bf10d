/// Blocks of memory of any size, with a segment or an address: for users without Netty.
///
/// ```text
///   PageArena ---> Blocks ---> Block     getLong, putLong, segment, address; closed by its holder
/// ```
///
/// [Blocks][io.leasehold.slab.block.Blocks] is where to start. A heap of slabs does the work; its package is not
/// exported.
@NullMarked
package io.leasehold.slab.block;

import org.jspecify.annotations.NullMarked;
