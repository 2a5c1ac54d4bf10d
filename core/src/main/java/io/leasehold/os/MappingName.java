package io.leasehold.os;

import java.lang.foreign.Arena;
import java.nio.charset.StandardCharsets;

/// The name of a range of anonymous memory, as `/proc/self/maps` shows it: `[anon:leasehold web]`.
///
/// Linux has such names since 5.17 if it was built with CONFIG_ANON_VMA_NAME.
///
/// **Threads.** Thread-safe.
///
/// @see <a href="https://man7.org/linux/man-pages/man2/PR_SET_VMA.2const.html">PR_SET_VMA(2const)</a>
final class MappingName {

    private static final int PR_SET_VMA = 0x53564d41;
    private static final int PR_SET_VMA_ANON_NAME = 0;

    /// "The size of the name [...] shouldn't exceed 80 bytes including the terminating null byte."
    private static final int MAX_LENGTH = 79;

    private static final String PREFIX = "leasehold ";

    /// Printable characters that the kernel refuses in a name.
    private static final String REFUSED = "[]\\$`";

    private MappingName() {}

    /// Names a range. Errors are ignored, because a name only helps a reader.
    static void set(long address, long byteSize, String name) {
        try (Arena arena = Arena.ofConfined()) {
            long text = arena.allocateFrom(kernelForm(name), StandardCharsets.US_ASCII)
                    .address();
            LinuxCall.PRCTL.invoke(PR_SET_VMA, PR_SET_VMA_ANON_NAME, address, byteSize, text, 0);
        }
    }

    /// {@return a name in the form that the kernel accepts}
    static String kernelForm(String name) {
        StringBuilder form = new StringBuilder(MAX_LENGTH).append(PREFIX);
        for (int i = 0; i < name.length() && form.length() < MAX_LENGTH; i++) {
            char c = name.charAt(i);
            form.append(c >= ' ' && c <= '~' && REFUSED.indexOf(c) < 0 ? c : '_');
        }
        return form.toString();
    }
}
