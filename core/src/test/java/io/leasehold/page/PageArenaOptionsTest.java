package io.leasehold.page;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.leasehold.budget.MemoryBudget;
import io.leasehold.memory.MappingBudget;
import io.leasehold.memory.Reservations;
import io.leasehold.memory.ScratchMemory;
import io.leasehold.memory.TestMemory;
import io.leasehold.os.VirtualMemory;
import io.leasehold.os.VirtualMemory.Capability;
import java.time.Duration;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class PageArenaOptionsTest {

    private static final MemoryBudget BUDGET = MemoryBudget.of("test", 64 << 20);
    private static final PageArenaOptions DEFAULTS = PageArenaOptions.defaults();

    @Test
    void defaultsAreSmallAnonymousPagesGivenBackAfterHalfASecond() {
        assertThat(DEFAULTS)
                .isEqualTo(new PageArenaOptions(
                        "pages", 0, 0, false, false, false, false, false, Duration.ofMillis(500), null, null));
    }

    @Test
    void eachChangeChangesOneOption() {
        PageArenaOptions all = DEFAULTS.toBuilder()
                .name("other")
                .byteSize(1 << 20)
                .pageByteSize(16 << 10)
                .memoryFile(true)
                .hugePages(true)
                .prefault(true)
                .zeroOnFree(true)
                .lockWired(true)
                .decay(Duration.ofSeconds(7))
                .budget(BUDGET)
                .tag("t")
                .build();
        assertThat(all)
                .isEqualTo(new PageArenaOptions(
                        "other", 1 << 20, 16 << 10, true, true, true, true, true, Duration.ofSeconds(7), BUDGET, "t"));
        assertThat(DEFAULTS.toBuilder().prefault(true).prefault(false).build()).isEqualTo(DEFAULTS);
        assertThat(DEFAULTS.toBuilder().zeroOnFree(true).build())
                .isNotEqualTo(DEFAULTS.toBuilder().lockWired(true).build());
    }

    @Test
    void negativeSizeIsRejected() {
        assertThatThrownBy(() -> DEFAULTS.toBuilder().byteSize(-4096).build())
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("byteSize is out of bounds: byteSize=-4096, min=0, max=562948879679488");
    }

    @ParameterizedTest
    @ValueSource(longs = {-4096, 3, 4097, 1, 2048, 8192, 32768, 1 << 20, 4 << 20, 1L << 40})
    void pageSizeThatIsNotOneOfFourIsRejected(long pageByteSize) {
        assertThatThrownBy(() -> DEFAULTS.toBuilder().pageByteSize(pageByteSize).build())
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("pageByteSize is not supported: arena=pages, pageByteSize=" + pageByteSize
                        + "; use 4096, 16384, 65536 or 2097152");
    }

    @ParameterizedTest
    @CsvSource({"PT0S", "PT-1S", "PT0.000999999S"})
    void decayBelowAMillisecondIsRejected(Duration decay) {
        assertThatThrownBy(() -> DEFAULTS.toBuilder().decay(decay).build())
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("decay is too short: decay=" + decay + ", min=PT0.001S");
        assertThat(DEFAULTS.toBuilder().decay(Duration.ofMillis(1)).build().decay())
                .isEqualTo(Duration.ofMillis(1));
    }

    @Test
    void decayBeyondTheClockIsForEver() {
        assertThat(DEFAULTS.toBuilder()
                        .decay(Duration.ofDays(1_000_000))
                        .build()
                        .decay())
                .isEqualTo(PageArenaOptions.NO_DECAY);
        assertThat(DEFAULTS.toBuilder().decay(Duration.ofDays(10_000)).build().decay())
                .isEqualTo(Duration.ofDays(10_000));
    }

    @Test
    void sizeThatIsNoMultipleOfThePageIsRejected() {
        assertThatThrownBy(() -> DEFAULTS.toBuilder()
                        .pageByteSize(64 << 10)
                        .byteSize(100_000)
                        .build())
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage(
                        "byteSize is not a multiple of pageByteSize: arena=pages, byteSize=100000, pageByteSize=65536");
        assertOpenRejected(
                DEFAULTS.toBuilder().byteSize(4_095).build(),
                "byteSize is not a multiple of pageByteSize: arena=pages, byteSize=4095, pageByteSize="
                        + VirtualMemory.system().pageSize());
    }

    @Test
    void budgetSmallerThanAPageCannotBoundAnArena() {
        assertOpenRejected(
                DEFAULTS.toBuilder()
                        .pageByteSize(2 << 20)
                        .budget(MemoryBudget.of("tiny", 1 << 20))
                        .build(),
                "budget is too small for one page and its tables: arena=pages, budget=tiny, byteLimit=1048576,"
                        + " min=2097170");
    }

    @Test
    void morePagesThanAHandleCanIdentifyAreRejected() {
        long pages = (1L << 28) - 511;
        assertThatThrownBy(
                        () -> DEFAULTS.toBuilder().byteSize(pages * (2 << 20)).build())
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageStartingWith("byteSize is out of bounds: byteSize=" + pages * (2 << 20) + ", min=0, max=");
        assertThatThrownBy(() -> DEFAULTS.toBuilder()
                        .pageByteSize(64 << 10)
                        .byteSize(pages * (64 << 10))
                        .build())
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("byteSize has too many pages: arena=pages, byteSize=" + pages * (64 << 10)
                        + ", pageByteSize=65536, max=" + (pages - 1) * (64 << 10) + "; choose a larger pageByteSize");
    }

    @Test
    void blankNamesAreRejected() {
        assertThatThrownBy(() -> DEFAULTS.toBuilder().name("").build())
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("name is blank: name=\"\"");
    }

    @Test
    void budgetBeyondTheLargestArenaGivesTheLargest() {
        TestMemory.require(VirtualMemory.system(), Capability.DECOMMIT); // otherwise the system has too few addresses
        MemoryBudget huge = MemoryBudget.of("huge", Long.MAX_VALUE);
        PageArenaOptions fitted = DEFAULTS.toBuilder()
                .pageByteSize(64 << 10)
                .build()
                .fitted(new Reservations(VirtualMemory.system(), new MappingBudget(10)), huge);
        assertThat(fitted.byteSize()).isEqualTo((long) PageArenaOptions.MAX_PAGES * (64 << 10));
    }

    @Test
    void whatOnlyTheKernelCanDoIsRejectedWithoutIt() {
        try (ScratchMemory scratch = ScratchMemory.of(4 << 20, 2 << 20)) {
            Consumer<PageArenaOptions> open = options -> PageArena.open(
                            options.toBuilder()
                                    .byteSize(64 << 10)
                                    .budget(BUDGET)
                                    .build(),
                            new Reservations(TestMemory.portable(scratch), new MappingBudget(100)),
                            0)
                    .close();
            open.accept(DEFAULTS);
            assertThatThrownBy(() ->
                            open.accept(DEFAULTS.toBuilder().memoryFile(true).build()))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageStartingWith("memoryFile needs native access on Linux");
            assertThatThrownBy(() ->
                            open.accept(DEFAULTS.toBuilder().lockWired(true).build()))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageStartingWith("lockWired needs mlock(2): arena=pages, memory=");
        }
        assertThat(BUDGET.usedBytes()).isZero();
    }

    @Test
    void anOptionThatNeedsNativeAccessNamesTheOptionOfThisProcess() {
        assumeTrue(!VirtualMemory.system().can(Capability.MAP), "the process has native access");
        String cause = "cause=native access is refused, add --enable-native-access=ALL-UNNAMED";
        PageArenaOptions options =
                DEFAULTS.toBuilder().byteSize(64 << 10).budget(BUDGET).build();
        assertThatThrownBy(() ->
                        PageArena.open(options.toBuilder().memoryFile(true).build()))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageStartingWith("memoryFile needs native access on Linux: arena=pages, memory=")
                .hasMessageEndingWith(cause);
        assertThatThrownBy(
                        () -> PageArena.open(options.toBuilder().lockWired(true).build()))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageStartingWith("lockWired needs mlock(2): arena=pages, memory=")
                .hasMessageEndingWith(cause);
    }

    private static void assertOpenRejected(PageArenaOptions options, String message) {
        MappingBudget mappings = new MappingBudget(100);
        Reservations reservations = new Reservations(VirtualMemory.system(), mappings);
        PageArenaOptions budgeted =
                options.budget() == null ? options.toBuilder().budget(BUDGET).build() : options;
        assertThatThrownBy(() -> PageArena.open(budgeted, reservations, 0))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage(message);
        assertThat(mappings.used()).isZero();
        assertThat(BUDGET.report()).isEqualTo("test 0 of 67,108,864 B");
    }
}
