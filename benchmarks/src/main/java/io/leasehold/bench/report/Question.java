package io.leasehold.bench.report;

import java.util.List;
import java.util.Locale;
import java.util.Optional;

/// What each class of benchmarks asks, once for all places that say so.
///
/// A class that nobody described here is shown all the same, under its own name.
///
/// @param className without the package
/// @param group that chooses it, as in `-Dbench=page`
/// @param title a few words
/// @param sentence what is asked, and of whom
record Question(String className, String group, String title, String sentence) {

    private static final String SECOND_THREAD =
            " The control is work that shares nothing, of about the same length; two processors may be one core.";

    private static final List<Question> ALL = List.of(
            new Question(
                    "BufferBenchmark",
                    "allocator",
                    "A direct buffer on an event loop",
                    "What does a direct buffer cost to allocate and release, alone (oneLive) and with 256 others alive"
                            + " (fifo)?"),
            new Question(
                    "BufferPatternBenchmark",
                    "allocator",
                    "A step of a server's life",
                    "What does it cost when one of many live buffers, chosen at random, is replaced by one of another"
                            + " size, written and read (step) or untouched (exchange)? Sizes are those of a WebSocket"
                            + " proxy or of an API gateway."),
            new Question(
                    "JumboBenchmark",
                    "ring",
                    "A page of the receive ring",
                    "What does a page of the ring cost to take and release on an event loop, alone (oneLive) and with"
                            + " 64 others alive (fifo)? Ours is the page alone, theirs is a buffer."),
            new Question(
                    "JumboHandOffBenchmark",
                    "ring",
                    "A page handed to another thread",
                    "What does a page cost that one event loop takes and another one releases, in batches of 32? Ours"
                            + " is the page alone, theirs is a buffer."),
            new Question(
                    "JumboReceiveBenchmark",
                    "ring",
                    "A read into a page",
                    "What does a read by Netty's io_uring cost beside the kernel's part: a buffer leaves the ring, is"
                            + " sliced, replaced and released? Theirs is Netty's own fixed ring on its allocators."),
            new Question(
                    "BufferHandOffBenchmark",
                    "allocator",
                    "A buffer handed to another thread",
                    "What does a buffer cost that one event loop allocates and another one releases?"),
            new Question(
                    "BufferThreadsBenchmark",
                    "allocator",
                    "A direct buffer on other threads",
                    "What does a direct buffer cost on threads that are no event loops, where Netty's allocators have"
                            + " no caches?"),
            new Question(
                    "BufferScalingBenchmark",
                    "allocator",
                    "A second thread that uses buffers",
                    "What does a second thread gain that allocates and releases buffers too?" + SECOND_THREAD),
            new Question(
                    "BufferHeapBenchmark",
                    "allocator",
                    "A heap buffer",
                    "What does a heap buffer of 16 KiB cost, the size that TLS engines work with?"),
            new Question(
                    "BufferLargeBenchmark",
                    "allocator",
                    "A large direct buffer",
                    "What does a direct buffer cost to allocate and release that Netty does not pool?"),
            new Question(
                    "BufferGrowthBenchmark",
                    "allocator",
                    "A buffer that grows",
                    "What does a buffer cost that grows from 256 B to 64 MiB by doubling, all of it written?"),
            new Question(
                    "BufferAccessBenchmark",
                    "allocator",
                    "Reading and writing a buffer",
                    "What does it cost to read and write what a direct buffer holds: 128 longs one by one, or 64 bytes"
                            + " at a time? The segment is the same memory through one constant segment of the JDK."),
            new Question(
                    "PageArenaBenchmark",
                    "page",
                    "A page, and a run of 16 pages",
                    "What does a warm page, or a warm run of 16 pages, cost to take and give back on one event loop,"
                            + " beside 4 KiB of Netty's allocators and 64 KiB of malloc?"),
            new Question(
                    "PageVirtualThreadBenchmark",
                    "page",
                    "A page on 1,000 virtual threads",
                    "What rate do 1,000 virtual threads reach, against as many platform threads as there are"
                            + " processors? Both sides are ours."),
            new Question(
                    "PageScalingBenchmark",
                    "page",
                    "A second thread that uses pages",
                    "How much does a second thread gain on one shared arena?" + SECOND_THREAD),
            new Question(
                    "LeaseBenchmark",
                    "lease",
                    "A lease on a wired page",
                    "What does a lease cost to acquire and close, beside arenas of the JDK, and how far are windows"
                            + " from a bare remap of the same page?"),
            new Question(
                    "LeaseScalingBenchmark",
                    "lease",
                    "A second thread that leases",
                    "How much does a second thread gain on one pool of windows, when each leases a mapped page of its"
                            + " own?" + SECOND_THREAD),
            new Question(
                    "WindowBenchmark",
                    "window",
                    "A piece of a file that is mapped",
                    "What does it cost to copy a piece out of a random place of a file of 512 MiB that is in the page"
                            + " cache? The size of the pieces that it was written in decides how large the kernel's"
                            + " pages of it are: where the file system knows large folios, 4 MiB give such of 2 MiB."
                            + " The tier auto is what the cache chooses, direct for a file of this size."),
            new Question(
                    "WindowTraceBenchmark",
                    "window",
                    "Reading in friendly and hostile orders",
                    "What does it cost to read 4 KiB of a file of which a quarter fits the windows, when the cache"
                            + " chooses what to map? hot 900: nine of ten reads go to what fits twice."),
            new Question(
                    "WindowHotBenchmark",
                    "window",
                    "What a window adds, and a loan",
                    "What does a window add to a bare copy of 64 B out of the processor's cache, alone and with a"
                            + " second thread (together), and what does it cost to lend one?"),
            new Question(
                    "WindowRecycleBenchmark",
                    "window",
                    "A window taken for another part",
                    "What does it cost to recycle a window, with the fault of the first bytes read there, beside one"
                            + " mmap a window?"),
            new Question(
                    "WindowStreamBenchmark",
                    "window",
                    "The next chunk of a file",
                    "What does it cost to read the next chunk of a file into a buffer? Buffers are ours on both"
                            + " sides."),
            new Question(
                    "WindowPauseBenchmark",
                    "window",
                    "Others while files come and go",
                    "How long does a copy of 64 KiB take at the 99.99 percentile, while another thread opens, writes,"
                            + " reads, cuts and closes files, a thousand a second? Errors are half of the range of the"
                            + " forks."));

    /// {@return the question that a class asks}
    static Question of(String className) {
        return described(className)
                .orElseGet(() -> new Question(
                        className,
                        className.replaceFirst("Benchmark$", ""),
                        className.replaceFirst("Benchmark$", ""),
                        "What " + className + " measures stands in its comment."));
    }

    /// {@return where it stands among the others; those that nobody described come last}
    static int order(String className) {
        return described(className).map(ALL::indexOf).orElse(ALL.size());
    }

    /// {@return what it is called in the page's addresses}
    String id() {
        return className.replaceFirst("Benchmark$", "").toLowerCase(Locale.ROOT);
    }

    /// {@return the command that runs it alone}
    String command() {
        return "mvn -Pbench -Dbench=" + className;
    }

    private static Optional<Question> described(String className) {
        return ALL.stream()
                .filter(question -> question.className.equals(className))
                .findFirst();
    }

    /// {@return the classes that are described}
    static List<String> classNames() {
        return ALL.stream().map(Question::className).toList();
    }
}
