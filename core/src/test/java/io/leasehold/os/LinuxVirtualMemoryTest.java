package io.leasehold.os;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.junit.jupiter.api.Assumptions.abort;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.leasehold.error.Errno;
import io.leasehold.os.VirtualMemory.Advice;
import io.leasehold.os.VirtualMemory.Backing;
import io.leasehold.os.VirtualMemory.Capability;
import io.leasehold.os.VirtualMemory.Protection;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The contracts on the Linux of this machine, and tests that only Linux can pass.
@Tag("os")
class LinuxVirtualMemoryTest
        implements NativeFixture, VirtualMemoryContract, DecommitContract, MemoryFileContract, PreconditionContract {

    @Override
    public VirtualMemory memory() {
        return VirtualMemory.system();
    }

    @Test
    void hasEveryCapabilityThatNoContainerRefuses() {
        Set<Capability> refusable = Set.of(Capability.BARRIER, Capability.LOCK, Capability.RESIDENCY);
        for (Capability capability : Capability.values()) {
            assertThat(memory().can(capability) || refusable.contains(capability))
                    .isTrue();
        }
    }

    @Test
    void numberOfTheKernelMayBeMissing(@TempDir Path directory) throws IOException {
        Path file = directory.resolve("number");
        assertThat(LinuxVirtualMemory.readNumber(file, 7)).as("no file").isEqualTo(7);
        for (String text : List.of("", "\n", "none\n", "0\n", "-1\n")) {
            Files.writeString(file, text);
            assertThat(LinuxVirtualMemory.readNumber(file, 7)).as(text).isEqualTo(7);
        }
        Files.writeString(file, "65530\n");
        assertThat(LinuxVirtualMemory.readNumber(file, 7)).isEqualTo(65_530);
    }

    @Test
    void protectionIsSeenByTheKernel() {
        withReserved(3, address -> {
            assertThat(mappingOf(address)).contains(" ---p ");
            memory().commit(address, pages(3));
            assertThat(mappingOf(address)).contains(" rw-p ");
            memory().protect(address, pages(1), Protection.READ);
            assertThat(mappingOf(address)).contains(" r--p ");
            memory().protect(address, pages(1), Protection.NONE);
            assertThat(mappingOf(address)).contains(" ---p ");
            assertThat(mappingOf(address + pages(1))).contains(" rw-p ");
        });
    }

    @Test
    void nameIsSeenByTheKernelAndEndsWithTheNextOne() {
        withReserved(4, address -> {
            memory().name(address, pages(4), "web [1]");
            if (!mappingOf(address).contains("[anon:")) {
                System.out.println("skipped, this kernel has no names (CONFIG_ANON_VMA_NAME): " + mappingOf(address));
                abort("this kernel has no names for memory");
            }
            assertThat(mappingOf(address)).endsWith("[anon:leasehold web _1_]");
            memory().commit(address, pages(2));
            assertThat(mappingOf(address)).contains(" rw-p ").endsWith("[anon:leasehold web _1_]");
            assertThat(mappingOf(address + pages(2))).contains(" ---p ").endsWith("[anon:leasehold web _1_]");
            memory().name(address, pages(4), "retained");
            assertThat(mappingOf(address)).endsWith("[anon:leasehold retained]");
            assertThat(mappingOf(address + pages(2))).endsWith("[anon:leasehold retained]");
        });
    }

    @Test
    void nameIsNoErrorIfTheKernelHasNoNames() {
        withMemoryFile(1, (file, address, _) -> {
            memory().map(address, pages(1), file, 0, Protection.READ);
            memory().name(address, pages(1), "file");
            memory().name(NOWHERE, pages(1), "nowhere");
        });
    }

    @Test
    void mappedFileHasItsNameAndIsShared() {
        withMemoryFile(1, (file, address, _) -> {
            memory().map(address, pages(1), file, 0, Protection.READ);
            assertThat(mappingOf(address)).contains(" r--s ").contains("/memfd:leasehold test");
            memory().unmap(address, pages(1));
            assertThat(mappingOf(address)).contains(" rw-p ").doesNotContain("memfd");
        });
    }

    @Test
    void alignedReservationLeavesNoRestBehind() {
        List<Long> addresses = new ArrayList<>();
        long before = reservedKibibytes();
        for (int i = 0; i < 16; i++) {
            addresses.add(memory().reserve(1L << 30, 1L << 30));
        }
        // Other threads of the JVM map and unmap a little in the meantime. A range that was left would be one GiB.
        Offset<Long> little = within(512L << 10);
        assertThat(reservedKibibytes() - before).isCloseTo(16L << 20, little);
        addresses.forEach(address -> memory().release(address, 1L << 30));
        assertThat(reservedKibibytes() - before).isCloseTo(0L, little);
    }

    @Test
    void lockIsSeenByTheKernel() {
        withCommitted(4, address -> {
            long before = statusKibibytes("VmLck:");
            memory().lock(address, pages(4));
            assertThat(statusKibibytes("VmLck:") - before).isEqualTo(pages(4) / 1024);
            memory().unlock(address, pages(4));
            assertThat(statusKibibytes("VmLck:")).isEqualTo(before);
        });
    }

    @Test
    void decommitFreesBlocksOfTheFile() {
        withMemoryFile(256, (file, address, _) -> {
            memory().map(address, pages(256), file, 0, Protection.READ_WRITE);
            fill(address, pages(256), 7);
            long full = blocks(file);
            assertThat(full).isEqualTo(pages(256) / 512);
            long[] addresses = new long[100];
            long[] byteSizes = new long[100];
            for (int i = 0; i < 100; i++) {
                addresses[i] = address + pages(2 * i);
                byteSizes[i] = pages(1);
            }
            memory().decommit(Backing.MEMORY_FILE, addresses, byteSizes, 100);
            assertThat(full - blocks(file)).isEqualTo(pages(100) / 512);
            memory().decommit(Backing.MEMORY_FILE, address, pages(256));
            assertThat(blocks(file)).isZero();
        });
    }

    @Test
    void populatingMakesPagesResident() {
        withCommitted(8, address -> {
            memory().advise(address, pages(8), Advice.NO_HUGE_PAGE);
            memory().advise(address, pages(4), Advice.POPULATE_WRITE);
            long resident = memory().residentBytes(address, pages(8));
            assumeTrue(resident > 0, "this kernel does not populate");
            assertThat(resident).isEqualTo(pages(4));
        });
    }

    @Test
    void residencyOfMorePagesThanOneCallReturns() {
        int pageCount = 40_000;
        withCommitted(pageCount, address -> {
            memory().advise(address, pages(pageCount), Advice.NO_HUGE_PAGE);
            for (int page = 0; page < pageCount; page += 1_000) {
                write(address + pages(page), 1);
            }
            write(address + pages(pageCount - 1), 1);
            assertThat(memory().residentBytes(address, pages(pageCount))).isEqualTo(pages(41));
        });
    }

    @Test
    void errorsOfManyThreadsAreTheirOwn() throws Exception {
        List<Future<?>> runs = new ArrayList<>();
        try (ExecutorService threads = Executors.newFixedThreadPool(8)) {
            for (int i = 0; i < 8; i++) {
                int expected = i % 2 == 0 ? Errno.EBADF : Errno.ENOMEM;
                runs.add(threads.submit(() -> {
                    for (int call = 0; call < 5_000; call++) {
                        long result = expected == Errno.EBADF
                                ? LinuxCall.CLOSE.invoke(-1, 0, 0)
                                : LinuxCall.MPROTECT.invoke(NOWHERE, pages(1), 0);
                        assertThat(result).isEqualTo(-expected);
                    }
                }));
            }
        }
        for (Future<?> run : runs) {
            run.get();
        }
    }

    private static String mappingOf(long address) {
        return lines("/proc/self/maps").stream()
                .filter(line -> contains(line, address))
                .findFirst()
                .orElse("not mapped: " + Long.toHexString(address));
    }

    private static boolean contains(String mapping, long address) {
        int dash = mapping.indexOf('-');
        long start = Long.parseUnsignedLong(mapping.substring(0, dash), 16);
        long end = Long.parseUnsignedLong(mapping.substring(dash + 1, mapping.indexOf(' ')), 16);
        return Long.compareUnsigned(start, address) <= 0 && Long.compareUnsigned(address, end) < 0;
    }

    private static long reservedKibibytes() {
        return statusKibibytes("VmSize:");
    }

    private static long statusKibibytes(String field) {
        return lines("/proc/self/status").stream()
                .filter(line -> line.startsWith(field))
                .mapToLong(line -> Long.parseLong(line.substring(field.length(), line.length() - " kB".length())
                        .strip()))
                .sum();
    }

    /// {@return the number of 512-byte blocks of a memory file of this process, as another process sees it with
    /// stat(1)}
    private static long blocks(int descriptor) {
        try {
            String file = "/proc/" + ProcessHandle.current().pid() + "/fd/" + descriptor;
            Process stat = new ProcessBuilder("stat", "--dereference", "--format=%b", file)
                    .redirectErrorStream(true)
                    .start();
            return Long.parseLong(new String(stat.getInputStream().readAllBytes(), StandardCharsets.US_ASCII).strip());
        } catch (IOException e) {
            return abort("stat(1) is not here: " + e);
        }
    }

    private static List<String> lines(String file) {
        try {
            return Files.readAllLines(Path.of(file));
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }
}
