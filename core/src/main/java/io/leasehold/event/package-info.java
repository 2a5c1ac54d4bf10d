/// The events of the library in the flight recorder (JFR).
///
/// | event | when |
/// |---|---|
/// | `io.leasehold.PageDecommit` | a batch of idle pages was given back to the kernel |
/// | `io.leasehold.BudgetRefusal` | a budget rejected a reservation |
/// | `io.leasehold.WindowFault` | a part of a file was mapped |
/// | `io.leasehold.RingGrowth` | a pool of pages for devices added a slab |
/// | `io.netty.AllocateChunk`, `.FreeChunk` | a heap allocated or freed a slab |
/// | `io.netty.AllocateBuffer`, `.ReallocateBuffer`, `.FreeBuffer` | an allocator did so with a buffer |
///
/// The settings `leasehold.jfc` in the jar turn all of them on, except those of single buffers: a server may have
/// millions of these a second. `jcmd PID JFR.start settings=leasehold.jfc +io.netty.AllocateBuffer#enabled=true` turns
/// one of them on. A release is recorded if the allocation fell into a recording that asked for any of the three.
///
/// ## Why
///
/// * **The lowest layer,** because every layer records.
/// * **Off until a recording asks.** All events are disabled and unregistered. [FlightEvents] says what that costs.
/// * **Netty's names.** JFR accepts a second class with the same name. So the settings, views and queries that people
///   have for Netty's allocators apply to ours, and `allocatorType` tells the two apart.
///
/// (2026-11)
@NullMarked
package io.leasehold.event;

import org.jspecify.annotations.NullMarked;
