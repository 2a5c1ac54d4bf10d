package interop;

import io.netty.util.ResourceLeakDetector;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.LongAdder;

/// Netty's leak detector, changed to count the buffers that it watches by the allocator that made them, and to keep its
/// reports. Netty creates it, because a property names it. At level PARANOID it sees every buffer of every allocator
/// except unpooled heap buffers.
///
/// @param <T> the type of the resources
public final class LeakCounts<T> extends ResourceLeakDetector<T> {

    /// The frames between the detector and the allocator are few.
    private static final int DEPTH = 14;

    /// Key of the buffers of our allocator.
    static final String OURS = "io.leasehold";

    /// A composite buffer has no memory of its own, and is not counted.
    private static final String COMPOSITE = "composite";

    private static final Map<String, LongAdder> WATCHED = new ConcurrentHashMap<>();
    private static final ConcurrentLinkedQueue<String> LEAKS = new ConcurrentLinkedQueue<>();
    private static volatile boolean isCounting = true;

    /// Called by Netty.
    public LeakCounts(Class<?> type, int interval) {
        super(type, interval);
    }

    /// Called by Netty.
    public LeakCounts(Class<?> type, int interval, long ignoredMaxActive) {
        this(type, interval);
    }

    /// Netty asks for a hint when it begins to watch a buffer, on the thread that allocates it.
    @Override
    protected Object getInitialHint(String resourceType) {
        if (isCounting && resourceType.equals("ByteBuf")) {
            String allocator = allocator();
            if (!allocator.equals(COMPOSITE)) {
                WATCHED.computeIfAbsent(allocator, key -> new LongAdder()).increment();
            }
        }
        return super.getInitialHint(resourceType);
    }

    /// {@return the name of our allocator if it is on the stack; else the innermost of Netty's allocators, and the
    /// caller of the outermost}
    private static String allocator() {
        List<StackWalker.StackFrame> frames =
                StackWalker.getInstance().walk(stack -> stack.limit(DEPTH).toList());
        String allocator = "unknown";
        String caller = "";
        for (int i = 0; i + 1 < frames.size(); i++) {
            String className = frames.get(i).getClassName();
            if (className.startsWith("io.leasehold.")) {
                return OURS;
            }
            if (frames.get(i).getMethodName().startsWith("composite")) {
                return COMPOSITE;
            }
            if (className.endsWith("ByteBufAllocator")
                    && !frames.get(i).getMethodName().startsWith("toLeak")) {
                allocator = caller.isEmpty() ? simple(className) : allocator;
                caller = simple(frames.get(i + 1).getClassName());
            }
        }
        return allocator + " for " + caller;
    }

    private static String simple(String className) {
        return className.substring(className.lastIndexOf('.') + 1);
    }

    /// {@return the number of buffers by allocator, so far}
    static Map<String, Long> watched() {
        Map<String, Long> counts = new TreeMap<>();
        WATCHED.forEach((allocator, count) -> counts.put(allocator, count.sum()));
        return counts;
    }

    /// Lets buffers be allocated without being counted.
    static void stopCounting() {
        isCounting = false;
    }

    /// {@return the reports of leaks}
    static List<String> leaks() {
        return List.copyOf(LEAKS);
    }

    @Override
    protected boolean needReport() {
        return true;
    }

    @Override
    protected void reportTracedLeak(String resourceType, String records) {
        LEAKS.add(resourceType + records);
    }

    @Override
    protected void reportUntracedLeak(String resourceType) {
        LEAKS.add(resourceType);
    }
}
