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
import io.leasehold.page.service.ArenaAccess;
import io.leasehold.slab.SlabHeap;
import io.leasehold.slab.SlabHeapStats;
import io.leasehold.slab.SlabHeapStats.SizeClass;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// The reasons why an allocator rejects a request or a close, in words: the first limit that rejected it, then the
/// holders of the memory. The words are made after the rejection, so concurrent changes may make them name another
/// limit.
///
/// **Threads.** Thread-safe.
final class HeapRefusals {

    /// Maximum number of budgets in an error message.
    private static final int MAX_BUDGETS = 16;

    /// Maximum number of sizes in an error message, so that the message stays one readable line.
    private static final int TOP_HOLDERS = 4;

    /// Maximum number of places in an error message, on a line each.
    private static final int TOP_PLACES = 4;

    static final Refusal CLOSED = Refusal.of("the allocator is closed");
    static final Refusal CANNOT_OPEN = Refusal.of("the allocator cannot be opened");

    private final String name; // (C) of the allocator
    private final SlabHeap<?> direct; // (C)
    private final SlabHeap<?> onHeap; // (C)
    private final PageArena arena; // (C)
    private final MemoryBudget charged; // (C) the budget of the caller that the arena is charged to
    private final Rationed<Own> own; // (C)
    /// The holders of the memory below a budget: that of the arena, or one above it.
    private final ConcurrentMap<MemoryBudget, Rationed<String>> holders = new ConcurrentHashMap<>(); // (A)
    private final Rationed<String> heapHolders; // (C)

    HeapRefusals(String name, SlabHeap<?> direct, SlabHeap<?> onHeap, PageArena arena, MemoryBudget charged) {
        this.name = name;
        this.direct = direct;
        this.onHeap = onHeap;
        this.arena = arena;
        this.charged = charged;
        this.own = new Rationed<>(() -> new Own(arena.stats().livePages(), sizes(direct)), System::nanoTime);
        this.heapHolders =
                new Rationed<>(() -> sizes(onHeap) + holders(onHeap, MemorySource.onJavaHeap(), ""), System::nanoTime);
    }

    /// A snapshot of what this allocator holds; may be stale.
    ///
    /// @param livePages allocated pages of the arena
    /// @param sizes bytes and sizes, for people
    private record Own(int livePages, String sizes) {}

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
            return new Refusal(words, max(Runtime.getRuntime().maxMemory()), heapHolders.get());
        }
        if (cause != null) {
            return Refusal.of(
                    cause instanceof OutOfMemoryError
                            ? "the Java heap is full"
                            : "the arena or its heap of blocks failed");
        }
        long page = arena.options().pageByteSize();
        long wanted = Alignment.up(Math.max(1, byteSize), page);
        MemoryBudget ofArena = ArenaAccess.of(arena).budget();
        if (wanted > arena.options().byteSize() - own.get().livePages * page) {
            return limited(
                    "the limit of the arena is reached",
                    "arena",
                    arena.options().name(),
                    arena.options().byteSize(),
                    ofArena);
        }
        ArenaActivity activity = arena.activity();
        long block = Alignment.up(SlabHeap.blockByteSizeOf(byteSize), page);
        if (block > arena.options().byteSize()) {
            return new Refusal(
                    "the block for the request is more than the limit of the arena",
                    format(
                            "block=%,d B, arena=%s, %s",
                            block, arena.options().name(), max(arena.options().byteSize())),
                    held(ofArena));
        }
        BudgetRefusal full = charged.refusal(wanted);
        if (full != null) {
            return limited(full);
        }
        BudgetRefusal last = activity.lastRefusal();
        if (last != null && last.listener() == null && activity.longestFreeRunBytes() >= wanted) {
            // the tables of the first pages are charged with them
            return limited(last);
        }
        if (last != null && last.listener() != null) {
            return new Refusal(
                    last.reason().words(),
                    "budget=" + last.refusing().path() + ", listener=" + last.listener(),
                    held(last.refusing()));
        }
        if (activity.kernelRefusals() == 0 && activity.longestFreeRunBytes() >= block) {
            // without decommit, each page that was ever used counts for ever
            return limited(
                    "the limit of the arena is reached by free pages that still hold memory",
                    "arena",
                    arena.options().name(),
                    arena.options().byteSize(),
                    ofArena);
        }
        return new Refusal(
                "no free run is long enough, or the kernel refused memory",
                format(
                        "arena=%s, %s, longestFreeRun=%,d B, kernelRefusals=%d",
                        arena.options().name(),
                        max(arena.options().byteSize()),
                        activity.longestFreeRunBytes(),
                        activity.kernelRefusals()),
                held(activity.kernelRefusals() == 0 ? ofArena : charged.top()));
    }

    private Refusal limited(BudgetRefusal refusal) {
        MemoryBudget refusing = refusal.refusing();
        return limited(refusal.reason().words(), "budget", refusing.path(), refusal.maxBytes(), refusing);
    }

    private Refusal limited(String words, String kind, String limit, long byteLimit, MemoryBudget budget) {
        return new Refusal(words, kind + "=" + limit + ", " + max(byteLimit), held(budget));
    }

    private static String max(long byteLimit) {
        return format("max=%,d B", byteLimit);
    }

    /// {@return what this allocator holds, and the holders of the memory below a budget} The second part may name other
    /// allocators: if a limit above this allocator refused, one of them may hold nearly all the memory.
    private String held(MemoryBudget refusing) {
        Rationed<String> text = holders.computeIfAbsent(
                refusing,
                budget -> new Rationed<>(
                        () -> holders(
                                direct,
                                MemorySource.chargedTo(budget),
                                "; budgets: " + charged.top().report(MAX_BUDGETS)),
                        System::nanoTime));
        return own.get().sizes + text.get();
    }

    /// {@return the bytes and the sizes of the blocks of one heap}
    private static String sizes(SlabHeap<?> heap) {
        SlabHeapStats stats = heap.stats();
        return format("held=%,d B, top holders: %s", stats.heldBytes(), topHolders(stats));
    }

    /// {@return the tags and the places that hold the most memory of some sources, with a text between them}
    private static String holders(SlabHeap<?> heap, List<MemorySource> sources, String between) {
        return MemorySource.topTags(sources, heap.source().tag()) + between + Site.lines(sources, TOP_PLACES);
    }

    /// {@return the error of a close that finds buffers outstanding}
    IllegalStateException buffersOutstanding(SlabHeapStats directStats, SlabHeapStats heapStats) {
        return new IllegalStateException(format(
                "cannot close, buffers are outstanding: allocator=%s, buffers=%,d, bytes=%,d; direct: %s;"
                        + " on the Java heap: %s%s",
                name,
                directStats.liveBlocks() + heapStats.liveBlocks(),
                directStats.liveBytes() + heapStats.liveBytes(),
                topHolders(directStats),
                topHolders(heapStats),
                holders(direct, List.of(direct.source(), onHeap.source()), "")));
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
