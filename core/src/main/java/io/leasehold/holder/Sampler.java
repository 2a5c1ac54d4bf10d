package io.leasehold.holder;

import io.leasehold.memory.OptionChecks;
import io.leasehold.memory.StackReserve;
import java.util.Collection;
import java.util.Set;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/// Chooses blocks by their bytes, and records where they are allocated.
///
/// ```text
///   bytes allocated  ----x---------x--x------------x----->   x: a sample, with exponential gaps of mean m
///   a block of s bytes is hit with p = 1 - exp(-s / m), and then stands for 1 / p blocks of its size
/// ```
///
/// The sum of the weights of the live samples is an unbiased estimate of the live blocks. Its standard deviation is
/// about `sqrt(m / live)` of the live bytes if blocks are small: 9 % at 64 MiB and 2 % at 1 GiB with the default mean
/// of 512 KiB. Blocks that are much longer than `m` are all sampled, and counted exactly.
///
/// **How a block is chosen.** A block object is used again and again with the same size. So it counts its own uses down
/// from a random number ([#countdown]), which is the exponential gap in bytes divided by its size. That gives the same
/// distribution as a countdown of bytes for each thread, because the exponential distribution has no memory. The
/// countdown exists anyway, for the leak detector: both share it, and draw which of them is due when it ends.
///
/// **Pace.** If more than about 500 samples a second are due, the mean is doubled, again and again. If few samples are
/// taken, the mean is halved again, several times at once if necessary. Each sample and each new countdown looks at the
/// time for that. So a load of another kind is sampled soon, also after a pause. Objects that were used before a pause
/// keep their countdowns; most of them go with the memory that is freed in the pause. A countdown remembers the mean
/// that it was drawn with, and a sample gets its weight from that mean, so the estimate stays unbiased. A sample takes
/// some microseconds for the walk of the stack, and a server that has just started also pays for compiling that walk.
///
/// **Failures.** A failure to record is counted and loses the sample, not the block.
///
/// **Threads.** Thread-safe. Changes of the mean are ordered by the lock of this object, so that each one is a change
/// of the one before it. The volatile write of `means` publishes both means and their parity at once to the threads
/// that draw and weigh countdowns without the lock. Test: `ProfileStress`.
public final class Sampler {

    /// Maximum number of stacks of the process.
    private static final int MAX_STACKS = 5_000;

    /// Maximum mean, so that sums of bytes do not overflow.
    public static final long MAX_MEAN_BYTES = 1L << 40;

    /// Each use subtracts this number from a countdown. The remainder of the countdown by this number stays the same.
    /// It encodes the mean that the countdown was drawn with: the doublings, and the parity of [Means].
    public static final int STEP = 64;

    private static final int PARITY = STEP / 2;
    private static final int MAX_USES = Integer.MAX_VALUE / STEP - 1;
    private static final int MAX_DOUBLINGS = PARITY - 1;

    private static final long PERIOD_NANOS = 100_000_000;
    private static final int SAMPLES_A_PERIOD = 50;

    private static final Sampler PROCESS =
            new Sampler(SamplerOptions.meanBytes(), ThreadLocalRandom::current, System::nanoTime, MAX_STACKS);

    private final Supplier<? extends RandomGenerator> random; // (C)
    private final LongSupplier clock; // (C)
    private final StackTable stacks; // (C)
    private final AtomicInteger samplesInPeriod = new AtomicInteger(); // (A)
    private final AtomicLong periodEnd; // (A)
    private final AtomicLong failures = new AtomicLong(); // (A)
    private volatile int doublings; // (A) of the mean
    private volatile boolean wasOff; // (A) true after sampling was off
    private volatile Means means; // (L) this, read without it

    /// The mean, and the one before it, for countdowns that were drawn before the last change.
    ///
    /// @param bytes mean number of bytes between two samples, or 0 for off
    /// @param bytesBefore mean before the last change
    /// @param parity 0 or [#PARITY]: changes with each change of the mean
    private record Means(long bytes, long bytesBefore, int parity) {

        /// {@return the mean that a countdown was drawn with; 0 if sampling was off, or is off now}
        long of(int countdown) {
            return bytes == 0 || (countdown & PARITY) == parity ? bytes : bytesBefore;
        }
    }

    /// Creates a sampler of its own, for tests.
    ///
    /// @param meanBytes mean number of bytes between two samples, or 0 for off
    /// @param random source of random numbers for the calling thread
    /// @param clock time in nanoseconds
    /// @param maxStacks maximum number of stacks
    public Sampler(long meanBytes, Supplier<? extends RandomGenerator> random, LongSupplier clock, int maxStacks) {
        this.random = random;
        this.clock = clock;
        this.stacks = new StackTable(maxStacks);
        this.periodEnd = new AtomicLong(clock.getAsLong() + PERIOD_NANOS);
        this.means = new Means(meanBytes, meanBytes, 0);
        this.wasOff = meanBytes == 0;
        new StackTable(1).current(Set.of()); // loads the classes of a walk before memory or stack are short
    }

    /// {@return the sampler of this process}
    public static Sampler process() {
        return PROCESS;
    }

    /// {@return the mean number of allocated bytes between two samples; 0 if sampling is off}
    public long meanBytes() {
        return means.bytes;
    }

    /// Changes the mean, without the doublings of the old one. Samples that exist keep their weight. Buffer objects use
    /// the new mean from their next countdown on, and samples get their weight from the mean of the countdown. If the
    /// mean is changed twice before a countdown ends, that sample may get the weight of another mean.
    ///
    /// @param newMeanBytes mean number of bytes, or 0 to turn sampling off
    /// @throws IllegalArgumentException if `newMeanBytes` is negative, or more than [#MAX_MEAN_BYTES]
    public synchronized void meanBytes(long newMeanBytes) {
        long checked = OptionChecks.range("sampleBytes", newMeanBytes, 0, MAX_MEAN_BYTES);
        wasOff = wasOff || checked == 0;
        Means old = means;
        if (checked != old.bytes) {
            means = new Means(checked, old.bytes, old.parity ^ PARITY);
        }
        doublings = 0;
    }

    /// {@return true if sampling is off, or was off before, so that blocks in use may have been allocated without it}
    boolean wasOff() {
        return wasOff;
    }

    /// Draws the number of uses of a block that pass before the next one for which this sampler or another one is due.
    ///
    /// @param byteSize bytes of the block
    /// @param otherRate `-log(1 - p)` for the chance `p` that the other sampler is due for a use; 0 if there is none
    /// @return a countdown: [#STEP] is subtracted for each use, and a sampler is due when it becomes negative
    public int countdown(int byteSize, double otherRate) {
        if (doublings > 0) {
            keepPace(0);
        }
        int drawnWith = means.parity | doublings;
        double rate = rate(byteSize, drawnWith) + otherRate;
        int uses = (int) Math.min(MAX_USES, random.get().nextExponential() / rate);
        return uses * STEP + drawnWith;
    }

    /// {@return true if this sampler is due for a use for which one of the two samplers is due}
    ///
    /// @param byteSize bytes of the block
    /// @param countdown the countdown that became negative
    /// @param otherChance chance that the other sampler is due for a use, from 0 to 1
    public boolean isDue(int byteSize, int countdown, double otherChance) {
        double chance = chance(byteSize, countdown);
        return chance > 0 && random.get().nextDouble() * (chance + otherChance - chance * otherChance) < chance;
    }

    /// {@return true if this sampler is due for a block whose allocation was not counted down}
    ///
    /// @param byteSize bytes of the block
    /// @param countdown a new countdown for the block
    public boolean isDueAtOnce(int byteSize, int countdown) {
        return random.get().nextDouble() < chance(byteSize, countdown);
    }

    /// {@return true if the other sampler is due for a use for which one of the two is due}
    ///
    /// @param isDue answer of [#isDue] for the same use
    /// @param otherChance chance that the other sampler is due for a use, from 0 to 1
    public boolean isOtherDue(boolean isDue, double otherChance) {
        return !isDue || random.get().nextDouble() < otherChance;
    }

    private double rate(int byteSize, int countdown) {
        long mean = means.of(countdown);
        return mean == 0 ? 0 : byteSize / Math.scalb((double) mean, countdown & MAX_DOUBLINGS);
    }

    private double chance(int byteSize, int countdown) {
        return -Math.expm1(-rate(byteSize, countdown));
    }

    /// Records a use that is due.
    ///
    /// @param user object that is garbage if the block is lost
    /// @param source object that the block was allocated from
    /// @param tag tag of the holder
    /// @param byteSize bytes of the block
    /// @param countdown countdown by which the use is due
    /// @param hidden classes of the allocator, whose frames are left out
    /// @return the sample, to be ended when the block is released; or null if it could not be recorded
    public @Nullable Sample record(
            Object user, MemorySource source, Tag tag, int byteSize, int countdown, Set<String> hidden) {
        double chance = chance(byteSize, countdown);
        if (chance == 0) {
            return null; // turned off meanwhile
        }
        try {
            keepPace(1);
            StackReserve.ensure(2);
            CallStack stack = stacks.current(hidden);
            double weight = 1 / chance;
            Sample sample = new Sample(user, source, tag, byteSize, weight, stack, clock.getAsLong());
            stack.count(weight, byteSize);
            source.add(sample); // last: a sample that is live is complete, and ended by the caller
            return sample;
        } catch (RuntimeException | OutOfMemoryError | StackOverflowError e) {
            failures.incrementAndGet();
            return null;
        }
    }

    /// Doubles the mean if many samples were taken in a short time, and halves it again if few were.
    ///
    /// @param taken number of samples that are taken now, 0 or 1
    private void keepPace(int taken) {
        long now = clock.getAsLong();
        long end = periodEnd.get();
        int samples = samplesInPeriod.addAndGet(taken);
        boolean isFull = samples >= SAMPLES_A_PERIOD;
        boolean isOver = now - end >= 0;
        if ((isFull || isOver) && periodEnd.compareAndSet(end, now + PERIOD_NANOS)) {
            samplesInPeriod.set(0);
            if (isFull && !isOver) {
                doublings = Math.min(MAX_DOUBLINGS, doublings + 1);
            } else {
                halve(Math.max(1, samples), 1 + Math.max(0, now - end) / PERIOD_NANOS);
            }
        }
    }

    /// Halves the mean until the rate of the last periods would be at least a quarter of the maximum.
    private void halve(int samples, long periods) {
        int left = doublings;
        for (long rate = samples; left > 0 && rate < periods * (SAMPLES_A_PERIOD / 4); rate *= 2) {
            left--;
        }
        doublings = left;
    }

    /// {@return the number of samples that could not be recorded}
    public long failures() {
        return failures.get();
    }

    /// {@return the time in nanoseconds by the clock of the samples}
    public long now() {
        return clock.getAsLong();
    }

    /// {@return all places that were sampled since the process began}
    public Collection<CallStack> stacks() {
        return stacks.all();
    }
}
