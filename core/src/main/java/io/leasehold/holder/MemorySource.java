package io.leasehold.holder;

import static io.leasehold.text.Texts.format;

import io.leasehold.budget.MemoryBudget;
import io.leasehold.text.Texts;
import java.lang.ref.Reference;
import java.lang.ref.ReferenceQueue;
import java.lang.ref.WeakReference;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// An object that memory is allocated from, as the profile sees it: its kind, its name, its tag, and a way to read the
/// counts that it keeps anyway.
///
/// ```text
///   allocator, arena, ...  --- open ---> MemorySource ---> all(): every open source of the process
///        ^                                   |
///        +------- weak reference ------------+--- counts by size (exact)
///                                            +--- counts of blocks from tagged threads (exact)
/// ```
///
/// **Ownership.** The object that opens a source closes it when it is closed itself. The source refers to that object
/// weakly: an object that is dropped without a close can still be collected.
///
/// **Threads.** Thread-safe. A sample that begins while the source is closed may stay in it until the sample ends.
/// Tests: `SampleStress`, and `ProfileStress` for the close.
public final class MemorySource {

    /// End of the name of the source of an allocator's heap buffers, which begins with the name of the allocator.
    public static final String ON_JAVA_HEAP = " on the Java heap";

    /// Maximum number of pairs of tag and size that a source counts.
    private static final int MAX_COUNTS = 10_000;

    /// Maximum number of tags in an error message, so that the message stays one readable line.
    private static final int TOP_TAGS = 4;

    private static final Set<MemorySource> OPEN = ConcurrentHashMap.newKeySet();
    private static final ReferenceQueue<Object> DROPPED = new ReferenceQueue<>();

    private final SourceKind kind; // (C)
    private final String name; // (C)
    private final Tag tag; // (C)
    private final Owner<?> owner; // (C)
    private final TagCounts tagged = new TagCounts(this, MAX_COUNTS); // (C)
    private final Set<Sample> samples = ConcurrentHashMap.newKeySet(); // (A)
    /// Sum of the live samples by stack, so that a reader need not visit the samples.
    private final ConcurrentMap<CallStack, AtomicLong> stackBytes = new ConcurrentHashMap<>(); // (A)
    private final AtomicLong sampleChanges = new AtomicLong(); // (A)

    private static final class Owner<T> extends WeakReference<T> {

        private final MemorySource source; // (C)
        private final Function<? super T, List<SizeCount>> counts; // (C)
        private final Function<? super T, @Nullable MemoryBudget> budget; // (C)

        Owner(
                T owner,
                MemorySource source,
                Function<? super T, List<SizeCount>> counts,
                Function<? super T, @Nullable MemoryBudget> budget) {
            super(owner, DROPPED);
            this.source = source;
            this.counts = counts;
            this.budget = budget;
        }

        /// {@return the blocks in use; empty if the owner is gone}
        List<SizeCount> count() {
            T owner = get();
            return owner == null ? List.of() : counts.apply(owner);
        }

        /// {@return the budget of the memory; null if there is none, or the owner is gone}
        @Nullable MemoryBudget budget() {
            T owner = get();
            return owner == null ? null : budget.apply(owner);
        }
    }

    private <T> MemorySource(
            SourceKind kind,
            String name,
            @Nullable String tag,
            T owner,
            Function<? super T, List<SizeCount>> counts,
            Function<? super T, @Nullable MemoryBudget> budget) {
        this.kind = kind;
        this.name = Texts.oneLine(name);
        Tag opener = ThreadTag.current();
        this.tag = tag != null ? Tag.ofSource(tag) : opener != null ? opener : Tag.ofSource(name);
        this.owner = new Owner<>(owner, this, counts, budget);
    }

    /// Opens a source.
    ///
    /// @param kind kind of the object
    /// @param name name of the object
    /// @param tag tag of memory that no tagged thread allocates; null for the tag of the calling thread, or for the
    ///     name if that thread has no tag
    /// @param owner the object
    /// @param counts reads the blocks in use of the object, by size; it must not refer to the object itself
    /// @param budget reads the budget that the blocks are charged to, or null if they are charged to none; it must not
    ///     refer to the object itself
    /// @param <T> type of the object
    /// @return the source, to be closed when the object is closed
    public static <T> MemorySource open(
            SourceKind kind,
            String name,
            @Nullable String tag,
            T owner,
            Function<? super T, List<SizeCount>> counts,
            Function<? super T, @Nullable MemoryBudget> budget) {
        MemorySource source = new MemorySource(kind, name, tag, owner, counts, budget);
        removeDropped();
        OPEN.add(source);
        return source;
    }

    /// {@return all open sources of the process, in the order of their kind and name}
    public static List<MemorySource> all() {
        removeDropped();
        List<MemorySource> all = new ArrayList<>(OPEN);
        all.sort(Comparator.comparing(MemorySource::kind).thenComparing(MemorySource::name));
        return all;
    }

    /// {@return the open sources whose memory is charged to a budget or to one below it, each byte once} An arena is
    /// left out if an allocator or a pool is open on it. Pages that were allocated from that arena directly are missing
    /// then.
    ///
    /// @param budget the budget
    public static List<MemorySource> chargedTo(MemoryBudget budget) {
        List<MemorySource> charged = new ArrayList<>();
        Set<MemoryBudget> ofUsers = Collections.newSetFromMap(new IdentityHashMap<>());
        for (MemorySource source : all()) {
            MemoryBudget own = source.owner.budget();
            if (own != null && own.isWithin(budget)) {
                charged.add(source);
                if (source.kind != SourceKind.ARENA) {
                    ofUsers.add(own);
                }
            }
        }
        charged.removeIf(source -> source.kind == SourceKind.ARENA && ofUsers.contains(source.owner.budget()));
        return charged;
    }

    /// {@return the open allocators whose blocks lie on the Java heap}
    public static List<MemorySource> onJavaHeap() {
        return all().stream()
                .filter(source -> source.kind == SourceKind.ALLOCATOR && source.owner.budget() == null)
                .toList();
    }

    private static void removeDropped() {
        for (Reference<?> dropped = DROPPED.poll(); dropped != null; dropped = DROPPED.poll()) {
            ((Owner<?>) dropped).source.close();
        }
    }

    /// {@return the kind of the object}
    public SourceKind kind() {
        return kind;
    }

    /// {@return the name of the object, with `?` in place of line breaks and control characters}
    public String name() {
        return name;
    }

    /// {@return the tag of memory that no tagged thread allocated}
    public Tag tag() {
        return tag;
    }

    /// Returns the count for blocks of one size that a tagged thread allocates from this source. A source has at most
    /// 10,000 counts. Beyond that number this method returns null, and the blocks count under the tag of the source.
    ///
    /// @param tag tag of the thread
    /// @param byteSize bytes of a block
    /// @return the count, or null if the source has too many counts
    public @Nullable TagCount count(Tag tag, int byteSize) {
        return tagged.get(tag, byteSize);
    }

    /// {@return the memory in use, by tag and size; empty if the object is gone}
    public List<Held> held() {
        if (owner.refersTo(null)) {
            return List.of();
        }
        Map<Long, Long> rest = new HashMap<>();
        List<Held> held = new ArrayList<>();
        for (TagCount count : tagged.all()) {
            long blocks = count.blocks();
            if (blocks > 0) {
                held.add(new Held(kind, name, count.tag(), count.byteSize(), blocks));
                rest.merge((long) count.byteSize(), -blocks, Long::sum);
            }
        }
        for (SizeCount size : owner.count()) {
            rest.merge(size.byteSize(), size.blocks(), Long::sum);
        }
        rest.forEach((byteSize, blocks) -> {
            if (blocks > 0) {
                held.add(new Held(kind, name, tag, byteSize, blocks));
            }
        });
        held.sort(Comparator.comparingLong(Held::bytes).reversed());
        return held;
    }

    /// {@return the four tags that hold the most bytes, as the end of a message: `; tags: cache=65,536 B, web=4,096 B`;
    /// empty if no tag but `known` holds any}
    ///
    /// @param sources sources to read
    /// @param known tag of the object that the message names anyway
    public static String topTags(Collection<MemorySource> sources, Tag known) {
        Map<Tag, Long> bytes = new HashMap<>();
        for (MemorySource source : sources) {
            source.held().forEach(held -> bytes.merge(held.tag(), held.bytes(), Long::sum));
        }
        if (bytes.keySet().stream().allMatch(known::equals)) {
            return "";
        }
        return bytes.entrySet().stream()
                .sorted(Map.Entry.<Tag, Long>comparingByValue().reversed())
                .limit(TOP_TAGS)
                .map(entry -> format("%s=%,d B", entry.getKey(), entry.getValue()))
                .collect(Collectors.joining(
                        ", ",
                        "; tags: ",
                        bytes.size() <= TOP_TAGS ? "" : ", and " + (bytes.size() - TOP_TAGS) + " more"));
    }

    /// {@return the live samples of this source; a snapshot, may be stale}
    Collection<Sample> samples() {
        return List.copyOf(samples);
    }

    void add(Sample sample) {
        AtomicLong bytes = stackBytes.computeIfAbsent(sample.stack(), stack -> new AtomicLong());
        samples.add(sample); // the last step that can fail
        bytes.addAndGet(sample.estimatedBytes());
        sampleChanges.incrementAndGet();
    }

    void remove(Sample sample) {
        AtomicLong bytes = samples.remove(sample) ? stackBytes.get(sample.stack()) : null;
        if (bytes != null) { // the source is not closed
            bytes.addAndGet(-sample.estimatedBytes());
            sampleChanges.incrementAndGet();
        }
    }

    /// {@return the number of samples that began plus the number that ended; while it does not change, [#topStacks]
    /// returns the same}
    ///
    /// @param sources sources to read
    public static long sampleChanges(Collection<MemorySource> sources) {
        return sources.stream().mapToLong(source -> source.sampleChanges.get()).sum();
    }

    /// {@return the stacks that hold the most bytes, the largest first} The cost is in proportion to the number of
    /// stacks, not to the number of samples.
    ///
    /// @param sources sources to read
    /// @param maxStacks maximum number of stacks
    public static List<StackBytes> topStacks(Collection<MemorySource> sources, int maxStacks) {
        Map<CallStack, Long> sums = new HashMap<>();
        for (MemorySource source : sources) {
            source.stackBytes.forEach((stack, bytes) -> sums.merge(stack, bytes.get(), Long::sum));
        }
        return sums.entrySet().stream()
                .filter(sum -> sum.getValue() > 0)
                .map(sum -> new StackBytes(sum.getKey(), sum.getValue()))
                .sorted(Comparator.comparingLong(StackBytes::bytes).reversed())
                .limit(maxStacks)
                .toList();
    }

    /// Removes this source from [#all], with its samples. Closing twice has no effect.
    public void close() {
        OPEN.remove(this);
        samples.clear();
        stackBytes.clear();
    }

    @Override
    public String toString() {
        return "MemorySource(" + kind + ", " + name + ", tag=" + tag + ")";
    }
}
