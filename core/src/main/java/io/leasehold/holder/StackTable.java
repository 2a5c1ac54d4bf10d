package io.leasehold.holder;

import io.leasehold.holder.CallStack.Frame;
import java.lang.StackWalker.StackFrame;
import java.util.Arrays;
import java.util.Collection;
import java.util.Iterator;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.stream.Stream;

/// The stacks of a process, each of them once.
///
/// The number of stacks is bounded. Further stacks are [#other].
///
/// **Cost.** A stack that is known costs the walk over its frames and one look-up. File names and line numbers are read
/// for a new stack only.
///
/// **Threads.** Thread-safe.
final class StackTable {

    /// Maximum number of frames of a stack.
    static final int MAX_FRAMES = 32;

    private static final StackWalker WALKER = StackWalker.getInstance();

    private final int maxStacks; // (C)
    /// Each stack by the names of its classes and methods and the indices of its bytecodes.
    private final ConcurrentMap<List<Object>, CallStack> stacks = new ConcurrentHashMap<>(); // (A)
    private final CallStack other = new CallStack(List.of(new Frame("other", "stacks", "", 0))); // (C)

    StackTable(int maxStacks) {
        this.maxStacks = maxStacks;
    }

    /// {@return the stack of the calling thread}
    ///
    /// @param hidden names of the classes of the allocator; frames of them are left out where they are the innermost.
    ///     A name that ends in a dot stands for a package
    CallStack current(Set<String> hidden) {
        return WALKER.walk(frames -> intern(frames, hidden));
    }

    private CallStack intern(Stream<StackFrame> frames, Set<String> hidden) {
        Object[] parts = new Object[3 * MAX_FRAMES];
        StackFrame[] walked = new StackFrame[MAX_FRAMES];
        int depth = 0;
        for (Iterator<StackFrame> all = frames.iterator(); all.hasNext() && depth < MAX_FRAMES; ) {
            StackFrame frame = all.next();
            if (depth == 0 && isHidden(frame.getClassName(), hidden)) {
                continue;
            }
            parts[3 * depth] = frame.getClassName();
            parts[3 * depth + 1] = frame.getMethodName();
            parts[3 * depth + 2] = frame.getByteCodeIndex();
            walked[depth++] = frame;
        }
        List<Object> key = List.of(Arrays.copyOf(parts, 3 * depth));
        CallStack known = stacks.get(key);
        if (known != null) {
            return known;
        }
        if (stacks.size() >= maxStacks) { // a race adds a few more at most
            return other;
        }
        Frame[] resolved = new Frame[depth];
        for (int i = 0; i < depth; i++) {
            resolved[i] = frame(walked[i]);
        }
        CallStack added = new CallStack(List.of(resolved));
        known = stacks.putIfAbsent(key, added);
        return known == null ? added : known;
    }

    private static boolean isHidden(String type, Set<String> hidden) {
        int nested = type.indexOf('$');
        String outer = nested < 0 ? type : type.substring(0, nested);
        return hidden.contains(outer) || hidden.contains(outer.substring(0, outer.lastIndexOf('.') + 1));
    }

    private static Frame frame(StackFrame frame) {
        StackTraceElement element = frame.toStackTraceElement();
        String file = element.getFileName();
        return new Frame(
                element.getClassName(),
                element.getMethodName(),
                file == null ? "" : file,
                Math.max(0, element.getLineNumber()));
    }

    /// {@return all stacks, without [#other]}
    Collection<CallStack> all() {
        return stacks.values();
    }

    /// {@return the stack in place of all stacks beyond the limit}
    CallStack other() {
        return other;
    }
}
