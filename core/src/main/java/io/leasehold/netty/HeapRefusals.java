package io.leasehold.netty;

import static io.leasehold.text.Texts.format;

import io.leasehold.budget.BudgetRefusal;
import io.leasehold.budget.MemoryBudget;
import io.leasehold.holder.MemorySource;
import io.leasehold.holder.Site;
import io.leasehold.memory.Alignment;
import io.leasehold.netty.BufferMemoryError.Refusal;
import io.leasehold.page.ArenaActivity;
import io.leasehold.page.PageArena;
import io.leasehold.slab.SlabHeap;
import io.leasehold.slab.SlabHeapStats;
import io.leasehold.slab.SlabHeapStats.SizeClass;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// The reasons why an allocator rejects a request or a close, in words: the first limit that rejected it, then the
/// holders of the memory. The words are made after the rejection, so concurrent changes may make them name another
/// limit.
///
/// **Threads.** Thread-safe.
final class HeapRefusals {

    /// Maximum number of holders in an error message, so that the message stays one readable line.
    private static final int TOP_HOLDERS = 4;

    /// Maximum number of places in an error message, on a line each.
    private static final int TOP_PLACES = 4;

    static final Refusal CLOSED = Refusal.of("the allocator is closed");
    static final Refusal CANNOT_OPEN = Refusal.of("the allocator cannot be opened");

    private final String name; // (C) of the allocator
    private final SlabHeap<?> direct; // (C)
    private final SlabHeap<?> onHeap; // (C)
    private final PageArena arena; // (C)
    private final MemoryBudget charged; // (C) the budget of the arena
    private final Rationed<Holdings> directHoldings; // (C)
    private final Rationed<Holdings> heapHoldings; // (C)

    HeapRefusals(String name, SlabHeap<?> direct, SlabHeap<?> onHeap, PageArena arena, MemoryBudget charged) {
        this.name = name;
        this.direct = direct;
        this.onHeap = onHeap;
        this.arena = arena;
        this.charged = charged;
        this.directHoldings = new Rationed<>(this::directHoldings, System::nanoTime);
        this.heapHoldings = new Rationed<>(() -> new Holdings(0, holders(onHeap) + places(onHeap)), System::nanoTime);
    }

    /// A snapshot of the holders of memory; may be stale.
    ///
    /// @param livePages allocated pages of the arena
    /// @param text holders, for people
    private record Holdings(int livePages, String text) {}

    /// {@return the reason for rejecting a request that is longer than any block}
    static Refusal tooLarge() {
        return new Refusal("the request is more than the largest buffer", max(SlabHeap.MAX_BLOCK_BYTES), "");
    }

    /// {@return the reason for rejecting a request: the first limit that rejected it, and the holders of the memory}
    ///
    /// @param cause failure of the heap, or null if the heap had no block
    Refusal refusal(boolean isDirect, int byteSize, @Nullable Throwable cause) {
        if (!isDirect) {
            String words = cause instanceof OutOfMemoryError ? "the Java heap is full" : "the heap of blocks failed";
            return new Refusal(words, max(Runtime.getRuntime().maxMemory()), heapHoldings.get().text);
        }
        if (cause != null) {
            return Refusal.of(
                    cause instanceof OutOfMemoryError
                            ? "the Java heap is full"
                            : "the arena or its heap of blocks failed");
        }
        long page = arena.options().pageByteSize();
        long wanted = Alignment.up(Math.max(1, byteSize), page);
        Holdings held = directHoldings.get();
        if (wanted > arena.options().byteSize() - held.livePages * page) {
            return limited(
                    "the limit of the arena is reached",
                    "arena",
                    arena.options().name(),
                    arena.options().byteSize(),
                    held);
        }
        ArenaActivity activity = arena.activity();
        long block = Alignment.up(SlabHeap.blockByteSizeOf(byteSize), page);
        if (block > arena.options().byteSize()) {
            return new Refusal(
                    "the block for the request is more than the limit of the arena",
                    format(
                            "block=%,d B, arena=%s, %s",
                            block, arena.options().name(), max(arena.options().byteSize())),
                    held.text);
        }
        BudgetRefusal full = charged.refusal(wanted);
        if (full != null) {
            return limited(full.reason().words(), "budget", full.refusing().path(), full.maxBytes(), held);
        }
        BudgetRefusal last = activity.lastRefusal();
        if (last != null && last.listener() == null && activity.longestFreeRunBytes() >= wanted) {
            // the tables of the first pages are charged with them
            return limited(last.reason().words(), "budget", last.refusing().path(), last.maxBytes(), held);
        }
        if (last != null && last.listener() != null) {
            return new Refusal(
                    last.reason().words(),
                    "budget=" + last.refusing().path() + ", listener=" + last.listener(),
                    held.text);
        }
        if (activity.kernelRefusals() == 0 && activity.longestFreeRunBytes() >= block) {
            // without decommit, each page that was ever used counts for ever
            return limited(
                    "the limit of the arena is reached by free pages that still hold memory",
                    "arena",
                    arena.options().name(),
                    arena.options().byteSize(),
                    held);
        }
        return new Refusal(
                "no free run is long enough, or the kernel refused memory",
                format(
                        "arena=%s, %s, longestFreeRun=%,d B, kernelRefusals=%d",
                        arena.options().name(),
                        max(arena.options().byteSize()),
                        activity.longestFreeRunBytes(),
                        activity.kernelRefusals()),
                held.text);
    }

    private static Refusal limited(String words, String kind, String name, long byteLimit, Holdings held) {
        return new Refusal(words, kind + "=" + name + ", " + max(byteLimit), held.text);
    }

    private static String max(long byteLimit) {
        return format("max=%,d B", byteLimit);
    }

    private Holdings directHoldings() {
        return new Holdings(
                arena.stats().livePages(),
                holders(direct) + "; budgets: " + charged.top().report() + places(direct));
    }

    private static String holders(SlabHeap<?> heap) {
        SlabHeapStats stats = heap.stats();
        return format(
                "held=%,d B, top holders: %s%s", stats.heldBytes(), topHolders(stats), tags(List.of(heap.source())));
    }

    private static String places(SlabHeap<?> heap) {
        return Site.lines(List.of(heap.source()), TOP_PLACES);
    }

    /// {@return the tags that hold the most memory: `; tags: cache=65,536 B`; empty if no buffer has a tag of a thread}
    private static String tags(List<MemorySource> sources) {
        String tags = MemorySource.topTags(sources, TOP_HOLDERS);
        return tags.isEmpty() ? "" : "; tags: " + tags;
    }

    /// {@return the error of a close that finds buffers outstanding}
    IllegalStateException buffersOutstanding(SlabHeapStats directStats, SlabHeapStats heapStats) {
        return new IllegalStateException(format(
                "cannot close, buffers are outstanding: allocator=%s, buffers=%,d, bytes=%,d; direct: %s;"
                        + " on the Java heap: %s%s%s",
                name,
                directStats.liveBlocks() + heapStats.liveBlocks(),
                directStats.liveBytes() + heapStats.liveBytes(),
                topHolders(directStats),
                topHolders(heapStats),
                tags(List.of(direct.source(), onHeap.source())),
                Site.lines(List.of(direct.source(), onHeap.source()), TOP_PLACES)));
    }

    /// {@return the size classes that hold the most memory, the largest first: `12 x 65,536 B, 3 x 4,096 B`}
    private static String topHolders(SlabHeapStats stats) {
        List<SizeClass> live = stats.classes().stream()
                .filter(c -> c.liveBlocks() > 0)
                .sorted(Comparator.comparingLong((SizeClass c) -> c.liveBlocks() * c.byteSize())
                        .reversed())
                .toList();
        if (live.isEmpty()) {
            return "none";
        }
        String top = live.stream()
                .limit(TOP_HOLDERS)
                .map(c -> format("%,d x %,d B", c.liveBlocks(), c.byteSize()))
                .collect(Collectors.joining(", "));
        return live.size() <= TOP_HOLDERS ? top : top + ", and " + (live.size() - TOP_HOLDERS) + " more sizes";
    }
}
