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
    private final Map<K, int[]> counters = new HashMap<>(); // (L) the caller's; NONE in a full file

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
                file.free(entry.getValue()[0]);
            }
            return isHidden;
        });
        for (int i = 0; i < largest.size(); i++) {
            K key = largest.get(i).getKey();
            int[] counter = counters.computeIfAbsent(key, added -> new int[] {CounterFile.NONE});
            if (counter[0] == CounterFile.NONE) {
                allocate(counter, label.apply(key), largest.subList(i + 1, largest.size()));
            }
            file.set(counter[0], largest.get(i).getValue());
        }
    }

    /// Allocates a counter for an entry of the map, so that it is not lost if the Java heap is full. If the file is
    /// full, a smaller number loses its counter first.
    private void allocate(int[] counter, String text, List<Map.Entry<K, Long>> smaller) {
        counter[0] = file.allocate(type.number(), owner, 0, text);
        for (int i = smaller.size() - 1; i >= 0 && counter[0] == CounterFile.NONE; i--) {
            int[] freed = counters.get(smaller.get(i).getKey());
            if (freed != null && freed[0] != CounterFile.NONE) {
                file.free(freed[0]);
                freed[0] = CounterFile.NONE;
                counter[0] = file.allocate(type.number(), owner, 0, text);
            }
        }
    }

    /// Frees the counters.
    public void free() {
        counters.values().forEach(counter -> file.free(counter[0]));
        counters.clear();
    }

    @Override
    public String toString() {
        return "LargestCounters(" + type + ", numbers=" + counters.size() + ")";
    }
}
