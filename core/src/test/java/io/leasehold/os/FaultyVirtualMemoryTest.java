package io.leasehold.os;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.leasehold.error.Errno;
import io.leasehold.error.SystemCallException;
import io.leasehold.os.FaultyVirtualMemory.Call;
import io.leasehold.os.VirtualMemory.Advice;
import io.leasehold.os.VirtualMemory.Backing;
import io.leasehold.os.VirtualMemory.Protection;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class FaultyVirtualMemoryTest {

    private static final long PAGE = 4096;
    private static final long SEGMENT_BYTES = 64 * PAGE;
    private static final long ADDRESS = 1L << 56;

    private final PortableVirtualMemory delegate =
            new PortableVirtualMemory(Arena.ofAuto().allocate(SEGMENT_BYTES, PAGE));
    private final FaultyVirtualMemory memory = new FaultyVirtualMemory(delegate);

    @Test
    void passesCallsOnUntilItIsArmed() {
        long address = memory.reserve(PAGE, PAGE);
        memory.commit(address, PAGE);
        memory.advise(address, PAGE, Advice.NORMAL);
        memory.release(address, PAGE);
        assertThat(delegate.reserve(SEGMENT_BYTES, PAGE)).isEqualTo(address);
        assertThat(memory.count(Call.RESERVE)).isEqualTo(1);
        assertThat(memory.count(Call.COMMIT)).isEqualTo(1);
        assertThat(memory.count(Call.RELEASE)).isEqualTo(1);
        assertThat(memory.count(Call.DECOMMIT)).isZero();
        assertThat(memory.injected()).isZero();
    }

    @ParameterizedTest
    @EnumSource(Call.class)
    void everyCallFailsWithItsError(Call call) {
        memory.failOnce(call, 1, Errno.EPERM);
        SystemCallException e = catchThrowableOfType(SystemCallException.class, () -> make(call, memory));
        assertThat(e.errno()).isEqualTo(Errno.EPERM);
        assertThat(memory.count(call)).isEqualTo(1);
        assertThat(memory.injected()).isEqualTo(1);
    }

    @Test
    void failsTheNthCallOnce() {
        memory.failOnce(Call.RESERVE, 3, Errno.ENOMEM);
        memory.reserve(PAGE, PAGE);
        memory.reserve(PAGE, PAGE);
        assertThat(memory.isArmed(Call.RESERVE)).isTrue();
        assertThatThrownBy(() -> memory.reserve(PAGE, PAGE)).isInstanceOf(SystemCallException.class);
        assertThat(memory.isArmed(Call.RESERVE)).isFalse();
        memory.reserve(PAGE, PAGE);
        assertThat(memory.count(Call.RESERVE)).isEqualTo(4);
        assertThat(memory.injected()).isEqualTo(1);
    }

    @Test
    void failsFromTheNthCallUntilDisarmed() {
        memory.failFrom(Call.RESERVE, 2, Errno.ENOMEM);
        memory.reserve(PAGE, PAGE);
        for (int i = 0; i < 3; i++) {
            assertThatThrownBy(() -> memory.reserve(PAGE, PAGE)).isInstanceOf(SystemCallException.class);
        }
        memory.disarm();
        memory.reserve(PAGE, PAGE);
        assertThat(memory.injected()).isEqualTo(3);
    }

    @Test
    void numbersCallsFromTheTimeOfArming() {
        memory.reserve(PAGE, PAGE);
        memory.failOnce(Call.RESERVE, 1, Errno.ENOMEM);
        assertThatThrownBy(() -> memory.reserve(PAGE, PAGE)).isInstanceOf(SystemCallException.class);
    }

    @Test
    void failingCallDoesNotReachTheMemoryBehind() {
        long address = memory.reserve(PAGE, PAGE);
        memory.failOnce(Call.RELEASE, 1, Errno.ENOMEM);
        assertThatThrownBy(() -> memory.release(address, PAGE)).isInstanceOf(SystemCallException.class);
        assertThatThrownBy(() -> delegate.reserve(SEGMENT_BYTES, PAGE)).isInstanceOf(SystemCallException.class);
        memory.release(address, PAGE);
        assertThat(delegate.reserve(SEGMENT_BYTES, PAGE)).isEqualTo(address);
    }

    @ParameterizedTest
    @EnumSource(
            mode = EnumSource.Mode.EXCLUDE,
            names = {"CREATE_MEMORY", "BARRIER"})
    void throwsTheExceptionOfTheRealMemory(Call call) {
        assumeTrue(AddressSpace.isNative(), "native memory is not in use");
        FaultyVirtualMemory real = new FaultyVirtualMemory(VirtualMemory.system());
        SystemCallException fromKernel = catchThrowableOfType(SystemCallException.class, () -> make(call, real));
        real.failOnce(call, 1, fromKernel.errno());
        SystemCallException injected = catchThrowableOfType(SystemCallException.class, () -> make(call, real));
        assertThat(real.injected()).isEqualTo(1);
        assertThat(injected.call()).isEqualTo(fromKernel.call());
        assertThat(injected).hasMessage(fromKernel.getMessage());
    }

    @Test
    void rejectsFaultsThatCannotStrike() {
        assertThatThrownBy(() -> memory.failOnce(Call.MAP, 0, Errno.ENOMEM))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> memory.failFrom(Call.MAP, 1, 0)).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void oneFaultStrikesOneOfManyThreads() throws Exception {
        memory.failOnce(Call.ADVISE, 5_000, Errno.EAGAIN);
        AtomicInteger failures = new AtomicInteger();
        List<Future<?>> runs = new ArrayList<>();
        try (ExecutorService threads = Executors.newFixedThreadPool(4)) {
            for (int i = 0; i < 4; i++) {
                runs.add(threads.submit(() -> {
                    for (int call = 0; call < 2_000; call++) {
                        try {
                            memory.advise(ADDRESS, PAGE, Advice.NORMAL);
                        } catch (SystemCallException e) {
                            failures.incrementAndGet();
                        }
                    }
                }));
            }
        }
        for (Future<?> run : runs) {
            run.get();
        }
        assertThat(failures).hasValue(1);
        assertThat(memory.count(Call.ADVISE)).isEqualTo(8_000);
    }

    /// Makes a call that the kernel refuses too, if that is possible.
    private static void make(Call call, VirtualMemory memory) {
        switch (call) {
            case RESERVE -> memory.reserve(1L << 60, PAGE);
            case COMMIT -> memory.commit(ADDRESS, PAGE);
            case DECOMMIT -> memory.decommit(Backing.ANONYMOUS, new long[] {ADDRESS}, new long[] {PAGE}, 1);
            case RELEASE -> memory.release(ADDRESS, PAGE);
            case PROTECT -> memory.protect(ADDRESS, PAGE, Protection.NONE);
            case ADVISE -> memory.advise(ADDRESS, PAGE, Advice.RANDOM);
            case LOCK -> memory.lock(ADDRESS, PAGE);
            case UNLOCK -> memory.unlock(ADDRESS, PAGE);
            case CREATE_MEMORY -> memory.createMemory("name", PAGE);
            case CLOSE_MEMORY -> memory.closeMemory(1_000_000);
            case MAP -> memory.map(ADDRESS, PAGE, 1_000_000, 0, Protection.READ);
            case UNMAP -> memory.unmap(ADDRESS, PAGE);
            case REMAP -> memory.remap(ADDRESS, PAGE, 2 * PAGE);
            case RESIDENT -> memory.residentBytes(ADDRESS, PAGE);
            case BARRIER -> memory.barrier();
        }
    }
}
