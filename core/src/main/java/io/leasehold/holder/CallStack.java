package io.leasehold.holder;

import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.atomic.DoubleAdder;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/// A place in the program that allocates: its frames, the innermost one first. Equal stacks are the same object.
///
/// A stack holds names, not classes, so it does not keep a class loader reachable.
///
/// **Threads.** Thread-safe.
public final class CallStack {

    /// The place of blocks that no sample stands for.
    public static final CallStack NOT_SAMPLED = new CallStack(List.of(new Frame("not", "sampled", "", 0)));

    private static final String BETWEEN_FRAMES = " < ";

    private static final String UNKNOWN = "unknown";

    private static final int SHOWN_FRAMES = 3;

    private final List<Frame> frames; // (C)
    private final DoubleAdder allocatedBlocks = new DoubleAdder(); // (A)
    private final DoubleAdder allocatedBytes = new DoubleAdder(); // (A)

    /// A frame of a stack.
    ///
    /// @param type full name of the class
    /// @param method name of the method
    /// @param file name of the source file, or empty if it is unknown
    /// @param line line number, or 0 if it is unknown
    public record Frame(String type, String method, String file, int line) {

        private static final Pattern TEXT = Pattern.compile("(?:(.*)\\.)?([^.()]*)(?:\\((.*):([0-9]{1,9})\\))?");

        /// {@return the frame that a text of [#toString] describes; a part that the text lacks is empty, or 0}
        ///
        /// @param text the text; if it was truncated, its end belongs to the name of the method
        public static Frame of(String text) {
            Matcher parts = TEXT.matcher(text);
            if (!parts.matches()) {
                return new Frame("", text, "", 0);
            }
            String line = parts.group(4);
            return new Frame(
                    Objects.requireNonNullElse(parts.group(1), ""),
                    parts.group(2),
                    Objects.requireNonNullElse(parts.group(3), ""),
                    line == null ? 0 : Integer.parseInt(line));
        }

        @Override
        public String toString() {
            return type + "." + method + (line > 0 ? "(" + file + ":" + line + ")" : "");
        }
    }

    CallStack(List<Frame> frames) {
        this.frames = List.copyOf(frames);
    }

    /// {@return the frames, the innermost one first}
    public List<Frame> frames() {
        return frames;
    }

    /// {@return the estimated number of blocks that were allocated here since the process began}
    public double allocatedBlocks() {
        return allocatedBlocks.sum();
    }

    /// {@return the estimated bytes of the blocks that were allocated here since the process began}
    public double allocatedBytes() {
        return allocatedBytes.sum();
    }

    void count(double blocks, int byteSize) {
        allocatedBlocks.add(blocks);
        allocatedBytes.add(blocks * byteSize);
    }

    /// {@return the frames of a text that [#shortened] gave, the innermost one first}
    ///
    /// @param shortened the text, or its beginning
    public static List<Frame> framesOf(String shortened) {
        return shortened.equals(UNKNOWN)
                ? List.of()
                : Arrays.stream(shortened.split(BETWEEN_FRAMES, -1))
                        .map(Frame::of)
                        .toList();
    }

    /// {@return the innermost three frames on one line; `unknown` if there are none}
    public String shortened() {
        return frames.isEmpty()
                ? UNKNOWN
                : frames.stream().limit(SHOWN_FRAMES).map(Frame::toString).collect(Collectors.joining(BETWEEN_FRAMES));
    }

    @Override
    public String toString() {
        return frames.isEmpty() ? UNKNOWN : frames.getFirst().toString();
    }
}
