package io.leasehold.os;

import java.util.OptionalLong;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/// The system properties that this package reads. No other class of the package reads properties of the library.
///
/// | property | values | default |
/// |---|---|---|
/// | `io.leasehold.memory` | `native`, `portable` | native where possible, else portable |
/// | `io.leasehold.portableBytes` | size of the portable segment in bytes | the memory limit of the process |
///
/// **Threads.** Immutable.
///
/// @param memory kind of memory that the user requested
/// @param portableBytes size of the portable segment in bytes, empty if not given
/// @param osName name of the operating system (`os.name`)
/// @param osArch name of the processor architecture (`os.arch`)
/// @param vmName name of the virtual machine (`java.vm.name`)
record OsOptions(Memory memory, OptionalLong portableBytes, String osName, String osArch, String vmName) {

    static final String MEMORY = "io.leasehold.memory";
    static final String PORTABLE_BYTES = "io.leasehold.portableBytes";

    /// The kind of memory to use.
    enum Memory {
        AUTO,
        NATIVE,
        PORTABLE
    }

    /// {@return the options of this process}
    ///
    /// @throws IllegalArgumentException if a property has a value that is not allowed
    static OsOptions ofSystem() {
        return of(System::getProperty);
    }

    /// {@return the options with the values of `properties`}
    ///
    /// @throws IllegalArgumentException if a property has a value that is not allowed
    static OsOptions of(Function<String, @Nullable String> properties) {
        return new OsOptions(
                memory(properties.apply(MEMORY)),
                portableBytes(properties.apply(PORTABLE_BYTES)),
                orUnknown(properties.apply("os.name")),
                orUnknown(properties.apply("os.arch")),
                orUnknown(properties.apply("java.vm.name")));
    }

    /// {@return true if the numbers of [LinuxCall] hold for this process}
    boolean isKnownLinux() {
        return osName.equals("Linux") && (isAarch64() || osArch.equals("amd64"));
    }

    /// {@return true if the processor is a 64-bit ARM processor}
    boolean isAarch64() {
        return osArch.equals("aarch64");
    }

    /// {@return true if the virtual machine is one whose compilers are known to [FaultPoll]}
    boolean isHotSpot() {
        return vmName.startsWith("OpenJDK") || vmName.startsWith("Java HotSpot");
    }

    /// {@return true if the JDK was started with the option that native code may change the working directory}
    static boolean isChdirAllowed() {
        return !System.getProperty("sun.nio.fs.chdirAllowed", "false").equals("false");
    }

    private static Memory memory(@Nullable String value) {
        if (value == null) {
            return Memory.AUTO;
        }
        return switch (value) {
            case "native" -> Memory.NATIVE;
            case "portable" -> Memory.PORTABLE;
            default -> throw new IllegalArgumentException(MEMORY + " is neither native nor portable: value=" + value);
        };
    }

    private static OptionalLong portableBytes(@Nullable String value) {
        if (value == null) {
            return OptionalLong.empty();
        }
        try {
            long bytes = Long.parseLong(value);
            if (bytes >= PortableVirtualMemory.PAGE_SIZE) {
                return OptionalLong.of(bytes);
            }
            if (bytes > 0) {
                throw new IllegalArgumentException(
                        PORTABLE_BYTES + " is too low: value=" + value + ", min=" + PortableVirtualMemory.PAGE_SIZE);
            }
        } catch (NumberFormatException e) {
            throw notBytes(value, e);
        }
        throw notBytes(value, null);
    }

    private static String orUnknown(@Nullable String value) {
        return value == null ? "unknown" : value;
    }

    private static IllegalArgumentException notBytes(String value, @Nullable Throwable cause) {
        return new IllegalArgumentException(
                PORTABLE_BYTES + " is not a positive decimal number of bytes: value=" + value, cause);
    }
}
