package io.leasehold.budget;

import io.leasehold.budget.BudgetRefusal.Reason;
import io.leasehold.event.FlightEvents;
import io.leasehold.memory.EarlyClasses;
import io.leasehold.memory.StackReserve;
import io.leasehold.text.Texts;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/// A limit for bytes, in a tree. Memory is reserved in the budget before it is committed, and released after it was
/// decommitted.
///
/// ```text
///   process (cgroup or machine, less heap, less margin)
///      |-- network   used <= limit         a reservation in "cache" is counted in "cache", then in "process",
///      |-- cache     used <= limit         and if "process" refuses it is taken off "cache" again
/// ```
///
/// **Shares.** A budget is under pressure while more than its soft limit is reserved, or while its source of pressure
/// says so. If it has [fair shares][BudgetOptions#withFairShares], it then refuses each child that would have more than
/// its share. The share of a child is what the parent may give, divided by the children that are not closed:
///
/// ```text
///   share(top)   = limit(top)
///   left(P)      = share(P) - bytes reserved in P itself
///   share(child) = min(limit(child), left(P) / children of P)      with fair shares
///   share(child) = min(limit(child), left(P))                      otherwise
/// ```
///
/// Below the soft limit each child may take what it finds. Beyond it, only children below their shares get bytes. If
/// one child takes all it can, it stops at the soft limit. The bytes between the soft and the hard limit are then left
/// for the other children. They get the rest of their shares as the first child releases bytes, because it gets no new
/// ones. Hard limits are exact. Shares are computed from a snapshot: if several threads reserve at the same time, a
/// child may have more than its share by the bytes of these reservations.
///
/// **Ownership.** The caller that reserves bytes releases them exactly once, in the same budget. A budget is closed
/// before its parent. Closing fails while bytes are reserved or children are open. Bytes never move to the parent.
///
/// **Threads.** Thread-safe. Reservations and releases are lock-free, except while memory is given back to make room.
/// Opening and closing budgets take a monitor. Test: `MemoryBudgetStress`.
///
/// **Invariants.** I1: `0 <= used && used <= byteLimit` until the close. I2: a refused reservation leaves the use of
/// this budget and of its parents unchanged. I3: `used` is at least the sum of `own` in this budget and all budgets
/// below it. It is equal when no thread is inside a change.
///
/// **Order.** A reservation raises `used` from the requested budget up to the top, each by a compare-and-set that
/// checks the limit, and `own` last. A release lowers `own` first, and then `used` upwards. So each byte that a caller
/// has is in `used` of all levels (I3), and no limit is exceeded at any time (I1). While a reservation that is refused
/// above is being undone, its bytes count, and another reservation may be refused because of them.
public final class MemoryBudget implements AutoCloseable {

    /// Maximum number of budgets above each other. A reservation calls itself once for each level.
    static final int MAX_DEPTH = 16;

    /// The value of `used` in a closed budget.
    private static final int CLOSED = -1;

    private final BudgetOptions options; // (C)
    private final String name; // (C) unique among the children of the parent
    private final String path; // (C)
    private final @Nullable MemoryBudget parent; // (C)
    private final int depth; // (C) 1 at the top
    private final GuardedListener listener; // (C)
    private final BudgetShares shares; // (C)
    private final SoftLimitSignal signal; // (C)
    private final AtomicLong used; // (A) compare-and-set
    private final AtomicLong own = new AtomicLong(); // (A) compare-and-set; the part of `used` reserved here
    private final AtomicLong peak = new AtomicLong(); // (A) racy maximum, never above byteLimit
    private final AtomicLong refusals = new AtomicLong(); // (A) counter
    private volatile @Nullable BudgetRefusal lastRefusal; // (A) of `tryReserve` here; null if the last one succeeded
    final BudgetChildren children = new BudgetChildren(); // (C)

    private MemoryBudget(BudgetOptions options, String name, @Nullable MemoryBudget parent, AtomicLong used) {
        // the first refusal may meet a full Java heap
        EarlyClasses.initialize(BudgetRefusal.class, BudgetRefusal.Reason.class, FlightEvents.class, Texts.class);
        this.options = options;
        this.name = name;
        this.path = parent == null ? name : parent.path.concat("/").concat(name);
        this.parent = parent;
        this.used = used;
        this.depth = parent == null ? 1 : parent.depth + 1;
        this.listener = new GuardedListener(this, options);
        this.shares = new BudgetShares(this, parent == null ? null : parent.shares, options, own, children, listener);
        this.signal = new SoftLimitSignal(shares, listener);
    }

    /// Creates a budget without a parent.
    ///
    /// @param byteLimit limit in bytes
    /// @param name name in messages and reports
    /// @return the budget
    /// @throws IllegalArgumentException if `byteLimit` is negative, or the name is blank
    public static MemoryBudget of(String name, long byteLimit) {
        return of(BudgetOptions.of(name, byteLimit));
    }

    /// Creates a budget without a parent.
    ///
    /// @param options name, limits and listener
    /// @return the budget
    public static MemoryBudget of(BudgetOptions options) {
        return new MemoryBudget(options, options.name(), null, new AtomicLong());
    }

    /// Creates a budget that shares its limit with budgets of other class loaders, in which this library is loaded
    /// again. All of them are created with the same limit and the same `total`.
    ///
    /// @param name name in messages and reports
    /// @param byteLimit limit in bytes for all of them together
    /// @param total number of bytes that are reserved in all of them
    /// @param own number of bytes that are reserved in this one; if its class loader is dropped, the caller takes them
    ///     off `total`
    /// @return the budget; its parent is named `process`
    /// @throws IllegalArgumentException if `byteLimit` is negative, or the name is blank
    public static MemoryBudget shared(String name, long byteLimit, AtomicLong total, AtomicLong own) {
        Objects.requireNonNull(own, "own is null");
        MemoryBudget all = new MemoryBudget(
                BudgetOptions.of("process", byteLimit),
                "process",
                null,
                Objects.requireNonNull(total, "total is null"));
        return all.child(BudgetOptions.of(name, byteLimit), own);
    }

    /// {@return the default budget, which all arenas without a budget of their own are charged to} All code of the
    /// process shares it, so closing it has no effect.
    ///
    /// @throws IllegalStateException if the machine or cgroup leaves too little beside the maximum heap
    public static MemoryBudget process() {
        return ProcessBudget.get();
    }

    /// Creates a child of this budget with its own limit.
    ///
    /// @param childName name in messages and reports
    /// @param byteLimit limit in bytes, which may exceed the limit of this budget
    /// @return the child
    /// @throws IllegalArgumentException if `byteLimit` is negative, the name is blank, or there are too many levels
    /// @throws IllegalStateException if this budget is closed
    public MemoryBudget child(String childName, long byteLimit) {
        return child(BudgetOptions.of(childName, byteLimit));
    }

    /// Creates a child of this budget with its own limits. If an open child has the same name already, the name of the
    /// new child gets a number: `cache#2`.
    ///
    /// @param childOptions name, limits and listener
    /// @return the child
    /// @throws IllegalArgumentException if there are too many levels
    /// @throws IllegalStateException if this budget is closed
    public MemoryBudget child(BudgetOptions childOptions) {
        return child(childOptions, new AtomicLong());
    }

    private MemoryBudget child(BudgetOptions childOptions, AtomicLong childUse) {
        if (depth == MAX_DEPTH) {
            throw new IllegalArgumentException("too many levels of budgets: budget=" + path + ", child="
                    + childOptions.name() + ", max=" + MAX_DEPTH);
        }
        MemoryBudget child = children.tryAdd(
                childOptions.name(), childName -> new MemoryBudget(childOptions, childName, this, childUse));
        if (child == null) {
            throw closed();
        }
        return child;
    }

    /// Reserves bytes in this budget and in all its parents, or in none of them. Does not block.
    ///
    /// @param bytes number of bytes
    /// @return true if the bytes were reserved
    /// @throws IllegalArgumentException if `bytes` is negative
    /// @throws IllegalStateException if this budget is closed
    public boolean tryReserve(long bytes) {
        checkBytes(bytes);
        if (used.get() == CLOSED) {
            throw closed();
        }
        if (bytes == 0) {
            return true;
        }
        StackReserve.ensure();
        BudgetRefusal refusal = charge(bytes, this, null);
        if (refusal != null || lastRefusal != null) { // as a rule neither, and nothing is written
            lastRefusal = refusal;
        }
        if (refusal != null) {
            return false;
        }
        own.addAndGet(bytes);
        for (MemoryBudget budget = this; budget != null; budget = budget.parent) {
            budget.signal.check();
        }
        return true;
    }

    /// Adds bytes to `used` of this budget and then of its parents, or to none.
    ///
    /// @param requested the budget that the bytes are reserved in
    /// @param from the child that was charged before, or null in `requested`
    /// @return the refusal, or null if all levels were charged
    private @Nullable BudgetRefusal charge(long bytes, MemoryBudget requested, @Nullable MemoryBudget from) {
        long before;
        do {
            before = used.get();
            if (before == CLOSED) {
                throw closed();
            }
            BudgetRefusal refusal = shares.refusal(bytes, before, requested, from, from == null ? 0 : from.usedBytes());
            if (refusal != null) {
                if (refusal.refusing() == this) {
                    noteRefusal(refusal);
                }
                return refusal;
            }
        } while (!used.compareAndSet(before, before + bytes));
        boolean isAllowed = false;
        boolean isCharged = false;
        BudgetRefusal refusal = null;
        try {
            isAllowed = listener.reserving(bytes);
            if (!isAllowed) {
                refusal = new BudgetRefusal(requested, this, Reason.LISTENER, bytes, before, options.byteLimit());
            } else if (parent != null) {
                refusal = parent.charge(bytes, requested, this);
            }
            isCharged = refusal == null;
        } finally { // also if a parent is closed, or the Java heap is full
            if (!isCharged) {
                used.addAndGet(-bytes);
                if (isAllowed) {
                    listener.released(bytes);
                }
                signal.check(); // another thread may have told the use that is undone here
            }
        }
        if (refusal == null) {
            raisePeak(before + bytes);
        } else {
            noteRefusal(refusal);
        }
        return refusal;
    }

    private void noteRefusal(BudgetRefusal refusal) {
        refusals.incrementAndGet();
        if (refusal.refusing() == this) {
            FlightEvents.budgetRefused(name, refusal.bytes(), refusal.usedBytes(), refusal.maxBytes());
        }
        listener.refused(refusal);
    }

    /// Releases bytes that [#tryReserve] reserved.
    ///
    /// @param bytes number of bytes
    /// @throws IllegalArgumentException if `bytes` is negative
    /// @throws IllegalStateException if `bytes` exceeds the bytes that were reserved in this budget, not through a
    ///     child; nothing is changed then
    public void release(long bytes) {
        checkBytes(bytes);
        StackReserve.ensure();
        long before;
        do {
            before = own.get();
            if (bytes > before) {
                throw new IllegalStateException(
                        "released more than was reserved: budget=" + path + ", bytes=" + bytes + ", used=" + before);
            }
        } while (!own.compareAndSet(before, before - bytes));
        if (bytes == 0) {
            return;
        }
        for (MemoryBudget budget = this; budget != null; budget = budget.parent) {
            budget.used.addAndGet(-bytes);
        }
        for (MemoryBudget budget = this; budget != null; budget = budget.parent) {
            budget.listener.released(bytes);
            budget.signal.check();
        }
    }

    /// Closes this budget and removes it from its parent. No bytes can be reserved in it afterwards. Does nothing if it
    /// is closed already, or is the budget of the process.
    ///
    /// @throws IllegalStateException if bytes are still reserved or children are open, naming the budgets that hold
    ///     them; nothing is changed then
    @Override
    public void close() {
        if (ProcessBudget.is(this)) {
            return;
        }
        synchronized (children) {
            if (used.get() == CLOSED) {
                return;
            }
            if (!children.tryClose()) {
                String why = used.get() > 0 ? "budget is in use: " : "budget has children, close them first: ";
                throw new IllegalStateException(why + report());
            }
            if (!used.compareAndSet(0, CLOSED)) {
                children.reopen();
                throw new IllegalStateException("budget is in use: " + report());
            }
        }
        if (parent != null) {
            parent.children.remove(this);
        }
    }

    /// {@return the name of this budget, with a number if the parent had a child of that name}
    public String name() {
        return name;
    }

    /// {@return the names from the topmost budget down to this one, separated by `/`}
    public String path() {
        return path;
    }

    /// {@return the limit in bytes}
    public long byteLimit() {
        return options.byteLimit();
    }

    /// {@return the budget with the lowest limit: this one, or one above it}
    public MemoryBudget tightest() {
        MemoryBudget above = parent == null ? this : parent.tightest();
        return above.byteLimit() < byteLimit() ? above : this;
    }

    /// {@return the soft limit in bytes, which is the limit if none was set}
    public long softByteLimit() {
        return options.softByteLimit();
    }

    /// {@return the number of bytes that are reserved now}
    public long usedBytes() {
        return Math.max(0, used.get());
    }

    /// {@return the maximum number of bytes that were reserved at once}
    public long peakBytes() {
        return peak.get();
    }

    /// {@return the number of reservations that this budget or one of its parents rejected}
    public long refusals() {
        return refusals.get();
    }

    /// {@return true if this budget is `other`, or below it}
    ///
    /// @param other another budget, or this one
    public boolean isWithin(MemoryBudget other) {
        MemoryBudget budget = this;
        while (budget != other && budget.parent != null) {
            budget = budget.parent;
        }
        return budget == other;
    }

    /// {@return the topmost parent, or this budget if it has no parent}
    public MemoryBudget top() {
        return parent == null ? this : parent.top();
    }

    /// {@return the share of this budget in bytes, by the formula above}
    public long shareBytes() {
        return shares.shareBytes();
    }

    /// {@return true if this budget should hold less: it is above its soft limit, its source of pressure reports
    /// pressure, or it or a budget above it uses more than its share} A share counts only if its parent has fair
    /// shares and is under pressure.
    public boolean isUnderPressure() {
        return shares.isUnderPressure();
    }

    /// {@return the class of the listener}
    String listenerName() {
        return listener.name();
    }

    /// {@return the refusal of the last reservation in this budget, or null if that one succeeded} Reservations in
    /// budgets below do not count. Unlike [#refusal], the answer includes refusals by listeners.
    public @Nullable BudgetRefusal lastRefusal() {
        return lastRefusal;
    }

    /// {@return the refusal that a reservation of `bytes` would meet first, from this budget upwards, or null if limits
    /// and shares allow it} Listeners are not asked.
    ///
    /// @param bytes number of bytes to reserve
    /// @throws IllegalArgumentException if `bytes` is negative
    public @Nullable BudgetRefusal refusal(long bytes) {
        checkBytes(bytes);
        return shares.firstRefusal(bytes);
    }

    /// {@return a snapshot of the numbers of this budget and of all budgets below it}
    public BudgetStats stats() {
        return new BudgetStats(
                path,
                usedBytes(),
                own.get(),
                peakBytes(),
                byteLimit(),
                softByteLimit(),
                shareBytes(),
                refusals(),
                signal.crossings(),
                children.largestFirst().map(MemoryBudget::stats).toList());
    }

    /// {@return the use and limit of this budget and its children, largest use first}
    ///
    /// For example `network 12,582,912 of 16,777,216 B (cache 8,388,608 ...)`.
    public String report() {
        return report(Integer.MAX_VALUE);
    }

    /// {@return a report as of [#report()] with the largest budgets, for a message that must stay short}
    ///
    /// @param maxBudgets maximum number of budgets to name, at least 1
    public String report(int maxBudgets) {
        return BudgetReport.of(this, maxBudgets);
    }

    @Override
    public String toString() {
        return report();
    }

    private void raisePeak(long candidate) {
        long seen = peak.get();
        while (candidate > seen && !peak.compareAndSet(seen, candidate)) {
            seen = peak.get();
        }
    }

    /// Checks that all is as the invariants say. No other thread may be inside a change of this budget or one below.
    ///
    /// @throws AssertionError if an invariant does not hold
    void checkInvariants() {
        long below = children.largestFirst().mapToLong(MemoryBudget::usedBytes).sum();
        if (usedBytes() > byteLimit() || peakBytes() < usedBytes() || peakBytes() > byteLimit()) {
            throw new AssertionError("I1: peak=" + peakBytes() + ", budget=" + report());
        }
        if (usedBytes() != own.get() + below) {
            throw new AssertionError("I3: own=" + own + ", below=" + below + ", budget=" + report());
        }
        children.checkInvariants();
        children.largestFirst().forEach(MemoryBudget::checkInvariants);
    }

    private void checkBytes(long bytes) {
        if (bytes < 0) {
            throw new IllegalArgumentException("bytes is negative: budget=" + path + ", bytes=" + bytes + ", min=0");
        }
    }

    private IllegalStateException closed() {
        return new IllegalStateException("budget is closed: budget=" + path);
    }
}
