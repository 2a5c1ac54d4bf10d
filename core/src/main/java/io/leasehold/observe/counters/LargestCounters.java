package io.leasehold.observe.counters;

import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;

/// The counters of the largest of many numbers of one kind: the numbers that are not shown have no counter.
///
/// If the file is full, the largest numbers have the counters that there are.
///
/// **Threads.** Not thread-safe: the caller holds a lock.
///
/// @param <K> the name of a number
public final class LargestCounters<K> {

    private final CounterFile file; // (C)
    private final CounterType type; // (C)
    private final int owner; // (C)
    private final Function<? super K, String> label; // (C)
    private final Map<K, Integer> counters = new HashMap<>(); // (L) the caller's

    /// Creates the counters, without a number.
    ///
    /// @param file file of the counters
    /// @param type type of the counters
    /// @param owner number of the allocator that they belong to
    /// @param label returns the label of a number
    public LargestCounters(CounterFile file, CounterType type, int owner, Function<? super K, String> label) {
        this.file = file;
        this.type = type;
        this.owner = owner;
        this.label = label;
    }

    /// Stores the numbers, and frees the counters of all others.
    ///
    /// @param largest the numbers, the largest first
    public void show(List<Map.Entry<K, Long>> largest) {
        Set<K> shown = new HashSet<>();
        largest.forEach(entry -> shown.add(entry.getKey()));
        counters.entrySet().removeIf(entry -> {
            boolean isHidden = !shown.contains(entry.getKey());
            if (isHidden) {
                file.free(entry.getValue());
            }
            return isHidden;
        });
        for (int i = 0; i < largest.size(); i++) {
            K key = largest.get(i).getKey();
            int counter = counters.getOrDefault(key, CounterFile.NONE);
            if (counter == CounterFile.NONE) {
                counter = allocate(key, largest.subList(i + 1, largest.size()));
            }
            file.set(counter, largest.get(i).getValue());
        }
    }

    /// Allocates a counter. If the file is full, a smaller number loses its counter first.
    private int allocate(K key, List<Map.Entry<K, Long>> smaller) {
        int counter = file.allocate(type.number(), owner, 0, label.apply(key));
        for (int i = smaller.size() - 1; i >= 0 && counter == CounterFile.NONE; i--) {
            Integer freed = counters.remove(smaller.get(i).getKey());
            if (freed != null) {
                file.free(freed);
                counter = file.allocate(type.number(), owner, 0, label.apply(key));
            }
        }
        if (counter != CounterFile.NONE) {
            counters.put(key, counter);
        }
        return counter;
    }

    /// Frees the counters.
    public void free() {
        counters.values().forEach(file::free);
        counters.clear();
    }

    @Override
    public String toString() {
        return "LargestCounters(" + type + ", counters=" + counters.size() + ")";
    }
}
