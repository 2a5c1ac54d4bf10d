package io.leasehold.jumbo;

import static org.assertj.core.api.Assertions.assertThat;

import io.leasehold.error.Errno;
import io.leasehold.error.SystemCallException;
import io.leasehold.memory.TestMemory;
import io.leasehold.os.FaultyVirtualMemory;
import io.leasehold.os.FaultyVirtualMemory.Call;
import io.leasehold.os.VirtualMemory;
import io.leasehold.os.VirtualMemory.Capability;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// Every kernel call that a pool makes while it initialises, grows and shrinks fails once, and then always. After each
/// failure nothing is lost, nothing is left behind, and everything works again.
///
/// The loop is SQLite's: fail the first call, then the second, until a run ends without having met the fault.
class JumboFaultTest {

    /// The arenas below.
    enum Terms {
        ANONYMOUS,
        LOCKED_WHEN_WIRED
    }

    @ParameterizedTest
    @EnumSource
    void nothingIsLostWhicheverCallFails(Terms terms) {
        if (terms == Terms.LOCKED_WHEN_WIRED) {
            TestMemory.require(VirtualMemory.system(), Capability.LOCK);
        }
        long injected = 0;
        for (Call call : new Call[] {Call.COMMIT, Call.DECOMMIT, Call.LOCK, Call.UNLOCK}) {
            for (boolean once : new boolean[] {true, false}) {
                int nth = 0;
                long before;
                do {
                    before = injected;
                    injected += run(terms, call, ++nth, once);
                } while (injected > before);
            }
        }
        System.out.printf("jumbo faults: %s, injected=%d%n", terms, injected);
        assertThat(injected).as("injected faults").isPositive();
    }

    /// {@return the number of faults that were met}
    private static long run(Terms terms, Call call, int nth, boolean once) {
        FaultyVirtualMemory memory = new FaultyVirtualMemory(VirtualMemory.system());
        JumboOptions options =
                JumboFixture.options(BufferSize.KIB_64).toBuilder().pages(6, 12).build();
        JumboFixture fixture = new JumboFixture(options, 2, memory, terms == Terms.LOCKED_WHEN_WIRED);
        if (once) {
            memory.failOnce(call, nth, Errno.ENOMEM);
        } else {
            memory.failFrom(call, nth, Errno.ENOMEM);
        }
        try {
            return live(fixture, memory);
        } catch (Throwable e) {
            throw new AssertionError(
                    "%s, %s %d %s: %s".formatted(terms, call, nth, once ? "once" : "for good", e.getMessage()), e);
        }
    }

    /// {@return the number of faults that were met before they were removed}
    private static long live(JumboFixture fixture, FaultyVirtualMemory memory) {
        JumboPool<JumboView> pool = fixture.pool();
        boolean initialised = pool.initialise();
        fixture.check();
        if (!initialised) {
            assertThat(memory.injected()).as("failed without a fault").isPositive();
            assertThat(pool.stats().pages().inPool()).isZero();
            assertThat(fixture.takenBytes()).isZero();
        }
        List<Long> handles = new ArrayList<>();
        for (int i = 0; i < 14; i++) {
            long handle = pool.tryAllocate(); // never throws
            if (handle >= 0) {
                pool.object(handle).write(handle);
                handles.add(handle);
            }
            fixture.check();
        }
        assertThat(handles.size() == 12 || memory.injected() > 0).isTrue();
        for (long handle : handles) {
            pool.object(handle).check(handle);
        }
        fixture.release(handles);
        fixture.decay(4);
        fixture.check();
        pool.trim();
        fixture.check();
        fixture.arena().trim();
        long met = memory.injected();
        memory.disarm();
        handles.addAll(fixture.exhaust());
        assertThat(handles).as("all pages, once nothing fails").hasSize(12);
        fixture.check();
        fixture.release(handles);
        memory.failOnce(Call.UNLOCK, 1, Errno.ENOMEM);
        close(fixture, memory);
        return met;
    }

    private static void close(JumboFixture fixture, FaultyVirtualMemory memory) {
        try {
            fixture.pool().close();
        } catch (SystemCallException e) {
            assertThat(memory.injected()).isPositive();
            memory.disarm();
            fixture.pool().close(); // continues after the failed call
        }
        memory.disarm();
        fixture.close();
    }
}
