package io.leasehold.bench.report;

import java.util.List;
import java.util.Locale;
import java.util.Optional;

/// The text of the question that a benchmark class asks, used wherever the report shows it.
///
/// A class without an entry here is shown under its own name.
///
/// @param className simple name of the class
/// @param group name of the group in `-Dbench=`, for example `page`
/// @param title short title
/// @param sentence the question in one or more sentences
record Question(String className, String group, String title, String sentence) {

    private static final String SECOND_THREAD =
            " The control is private work of about the same length, which shares nothing. The two processors may be"
                    + " hyperthreads of one core.";

    private static final List<Question> ALL = List.of(
            new Question(
                    "BufferBenchmark",
                    "allocator",
                    "A direct buffer on an event loop",
                    "What does it cost to allocate and release a direct buffer, with no other buffer in use (oneLive)"
                            + " or with 256 others in use (fifo)?"),
            new Question(
                    "BufferPatternBenchmark",
                    "allocator",
                    "A step of a server's workload",
                    "What does it cost to replace one of many live buffers, chosen at random, by one of another size?"
                            + " The buffer is written and read (step) or untouched (exchange). Sizes are those of a"
                            + " WebSocket proxy or of an API gateway."),
            new Question(
                    "JumboBenchmark",
                    "ring",
                    "A page of a pool",
                    "What does it cost to allocate and free a page of a pool on an event loop, with no other page"
                            + " in use (oneLive) or with 64 others in use (fifo)? Leasehold allocates a page alone,"
                            + " the baselines a buffer."),
            new Question(
                    "JumboHandOffBenchmark",
                    "ring",
                    "A page handed to another thread",
                    "What does it cost to allocate a page on one event loop and free it on another one, in batches of"
                            + " 32? Leasehold allocates a page alone, the baselines a buffer."),
            new Question(
                    "JumboReceiveBenchmark",
                    "ring",
                    "A read into a page",
                    "What does a read by Netty's io_uring cost in user space: a buffer leaves the ring, and is sliced,"
                            + " replaced and released? The baseline is Netty's own fixed ring with its allocators."),
            new Question(
                    "BufferHandOffBenchmark",
                    "allocator",
                    "A buffer handed to another thread",
                    "What does it cost to allocate a buffer on one event loop and release it on another one?"),
            new Question(
                    "BufferThreadsBenchmark",
                    "allocator",
                    "A direct buffer on other threads",
                    "What does a direct buffer cost on threads that are not event loops, where Netty's allocators have"
                            + " no caches?"),
            new Question(
                    "BufferScalingBenchmark",
                    "allocator",
                    "Buffers on a second thread",
                    "How much does throughput grow if a second thread also allocates and releases buffers?"
                            + SECOND_THREAD),
            new Question(
                    "BufferHeapBenchmark",
                    "allocator",
                    "A heap buffer",
                    "What does a heap buffer of 16 KiB cost? TLS engines use this size."),
            new Question(
                    "BufferLargeBenchmark",
                    "allocator",
                    "A large direct buffer",
                    "What does it cost to allocate and release a direct buffer that is too large for Netty's pools?"),
            new Question(
                    "BufferGrowthBenchmark",
                    "allocator",
                    "A buffer that grows",
                    "What does a buffer cost that grows from 256 B to 64 MiB by doubling and is written completely?"),
            new Question(
                    "BufferAccessBenchmark",
                    "allocator",
                    "Reading and writing a buffer",
                    "What does it cost to read and write a direct buffer: 128 longs one by one, or 64 bytes at a time?"
                            + " The segment is the same memory, accessed through a constant segment of the JDK."),
            new Question(
                    "PageArenaBenchmark",
                    "page",
                    "A page, and a run of 16 pages",
                    "What does it cost to allocate and free a warm page, or a warm run of 16 pages, on one event loop?"
                            + " The baselines are 4 KiB of Netty's allocators and 64 KiB of malloc."),
            new Question(
                    "PageVirtualThreadBenchmark",
                    "page",
                    "A page on 1,000 virtual threads",
                    "What rate do 1,000 virtual threads reach, compared with one platform thread for each processor?"
                            + " Both sides use Leasehold."),
            new Question(
                    "PageScalingBenchmark",
                    "page",
                    "Pages on a second thread",
                    "How much does throughput grow with a second thread on one shared arena?" + SECOND_THREAD),
            new Question(
                    "LeaseBenchmark",
                    "lease",
                    "A lease on a wired page",
                    "What does it cost to acquire and close a lease, compared with arenas of the JDK? And how much"
                            + " does a window cost, compared with only mapping the same page again?"),
            new Question(
                    "LeaseScalingBenchmark",
                    "lease",
                    "Leases on a second thread",
                    "How much does throughput grow with a second thread on one pool of windows, if each thread leases a"
                            + " mapped page of its own?" + SECOND_THREAD),
            new Question(
                    "WindowBenchmark",
                    "window",
                    "A copy out of a mapped file",
                    "What does it cost to copy bytes from a random place of a file of 512 MiB in the page cache?"
                            + " The size of the writes that made the file decides the size of its pages in the"
                            + " cache: where the file system has large folios, writes of 4 MiB give folios of 2"
                            + " MiB. In the tier auto the cache chooses the tier; for a file of this size it"
                            + " chooses direct."),
            new Question(
                    "WindowTraceBenchmark",
                    "window",
                    "Reading with friendly and hostile access patterns",
                    "What does it cost to read 4 KiB of a file if a quarter of the file fits the windows and the cache"
                            + " chooses what to map? In hot 900, nine of ten reads go to"
                            + " parts that fill half of the windows."),
            new Question(
                    "WindowHotBenchmark",
                    "window",
                    "The overhead of a window",
                    "What does a window add to a bare copy of 64 B from the processor's cache, alone and with a second"
                            + " thread (together)? And what does it cost to acquire and release a window?"),
            new Question(
                    "WindowRecycleBenchmark",
                    "window",
                    "Recycling a window",
                    "What does it cost to recycle a window for another part of the file, including the page fault"
                            + " of the first access? The baseline is one mmap for each window."),
            new Question(
                    "WindowStreamBenchmark",
                    "window",
                    "The next chunk of a file",
                    "What does it cost to read the next chunk of a file into a buffer? Both sides use buffers of"
                            + " Leasehold."),
            new Question(
                    "WindowPauseBenchmark",
                    "window",
                    "Latency while files are opened and closed",
                    "How long does a copy of 64 KiB take at the 99.99 percentile, while another thread opens, writes,"
                            + " reads, truncates and closes a thousand files a second? Errors are half of the range of"
                            + " the forks."));

    /// {@return the question that a class asks}
    static Question of(String className) {
        return described(className)
                .orElseGet(() -> new Question(
                        className,
                        className.replaceFirst("Benchmark$", ""),
                        className.replaceFirst("Benchmark$", ""),
                        "See the class comment of " + className + "."));
    }

    /// {@return the position of a class in the report; classes without an entry come last}
    static int order(String className) {
        return described(className).map(ALL::indexOf).orElse(ALL.size());
    }

    /// {@return the identifier in the page's anchors}
    String id() {
        return className.replaceFirst("Benchmark$", "").toLowerCase(Locale.ROOT);
    }

    /// {@return the command that runs only this question}
    String command() {
        return "mvn -Pbench -Dbench=" + className;
    }

    private static Optional<Question> described(String className) {
        return ALL.stream()
                .filter(question -> question.className.equals(className))
                .findFirst();
    }

    /// {@return the names of the classes that have an entry}
    static List<String> classNames() {
        return ALL.stream().map(Question::className).toList();
    }
}
