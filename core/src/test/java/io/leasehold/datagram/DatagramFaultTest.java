package io.leasehold.datagram;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.leasehold.error.Errno;
import io.leasehold.error.SystemCallException;
import io.leasehold.jumbo.BufferSize;
import io.leasehold.jumbo.JumboFixture;
import io.leasehold.jumbo.JumboView;
import io.leasehold.memory.OffHeap;
import io.leasehold.os.Datagrams;
import io.leasehold.os.FaultyDatagrams;
import io.leasehold.os.FaultyDatagrams.Call;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// Every call of a socket that a source or a sender makes fails once, then always. No page and no datagram is lost.
class DatagramFaultTest {

    private static final int BATCHES = 6;

    @ParameterizedTest
    @EnumSource(
            value = Call.class,
            names = {"RECEIVE", "SEND", "AWAIT"})
    void callThatFailsOnceLosesNothing(Call call) {
        for (int errno : new int[] {Errno.ENOMEM, Errno.EAGAIN}) {
            int nth = 0;
            long injected;
            do {
                nth++;
                FaultyDatagrams datagrams = new FaultyDatagrams(Datagrams.system());
                try (DatagramFixture fixture = new DatagramFixture(datagrams, BufferSize.KIB_64, 8)) {
                    datagrams.faults().failOnce(call, nth, errno);
                    exchange(fixture);
                    fixture.source.disarm();
                    assertThat(fixture.pagesOut()).as("%s %d", call, nth).isZero();
                }
                injected = datagrams.faults().injected();
            } while (injected > 0);
            assertThat(nth).as("the run makes this call: %s", call).isGreaterThan(1);
        }
    }

    @Test
    void callsThatFailForGoodLeaveThePagesWhereTheyWere() {
        FaultyDatagrams datagrams = new FaultyDatagrams(Datagrams.system());
        try (DatagramFixture fixture = new DatagramFixture(datagrams, BufferSize.KIB_64, 8)) {
            for (Call call : new Call[] {Call.RECEIVE, Call.SEND, Call.AWAIT}) {
                datagrams.faults().failFrom(call, 1, Errno.ENOMEM);
            }
            long handle = fixture.pool().tryAllocate();
            fixture.sender.handOver(fixture.pool(), handle, 100, 10);
            for (int i = 0; i < 3; i++) {
                assertThatThrownBy(() -> fixture.source.receive(_ -> {}, 2)).isInstanceOf(SystemCallException.class);
                assertThatThrownBy(fixture.sender::send).isInstanceOf(SystemCallException.class);
                assertThatThrownBy(() -> fixture.source.awaitReadable(Duration.ZERO))
                        .isInstanceOf(SystemCallException.class);
                assertThatThrownBy(() -> fixture.sender.awaitWritable(Duration.ZERO))
                        .isInstanceOf(SystemCallException.class);
                fixture.source.checkInvariants();
                assertThat(fixture.pool().stats().pages().armed()).isEqualTo(2);
                assertThat(fixture.pagesOut()).isEqualTo(3);
            }
            assertThat(fixture.sender.abandon()).isEqualTo(100);
            fixture.source.close();
            assertThat(fixture.pagesOut()).isZero();
        }
    }

    @Test
    void sourceThatCannotBeOpenedLeavesNothingOpen() {
        FaultyDatagrams datagrams = new FaultyDatagrams(Datagrams.system());
        try (JumboFixture pages = new JumboFixture(BufferSize.KIB_64, 8, 4)) {
            datagrams.faults().failOnce(Call.OPEN, 1, Errno.ENOMEM);
            assertThatThrownBy(() -> open(datagrams, pages, 2)).isInstanceOf(SystemCallException.class);
            assertThat(datagrams.faults().count(Call.CLOSE)).isZero();
            datagrams.faults().failOnce(Call.ENABLE_GRO, 1, Errno.ENOMEM);
            assertThatThrownBy(() -> open(datagrams, pages, 2)).isInstanceOf(SystemCallException.class);
            assertThat(datagrams.faults().count(Call.CLOSE)).isEqualTo(1);
            assertThatThrownBy(() -> open(datagrams, pages, 0)).isInstanceOf(IllegalArgumentException.class);
            assertThat(datagrams.faults().count(Call.CLOSE)).isEqualTo(2);
            DatagramSource<JumboView> source = open(datagrams, pages, 2);
            assertThat(source.receive(_ -> {}, 2)).isZero();
            datagrams.faults().failOnce(Call.CLOSE, 1, Errno.ENOMEM);
            assertThatThrownBy(source::close).isInstanceOf(SystemCallException.class);
            assertThat(pages.pool().stats().pages().outstanding()).isZero();
            source.close();
            assertThat(datagrams.faults().count(Call.CLOSE)).isEqualTo(3);
        }
    }

    private static DatagramSource<JumboView> open(Datagrams datagrams, JumboFixture pages, int batch) {
        return DatagramSource.open(datagrams, DatagramFixture.loopback(), pages.pool(), batch);
    }

    /// Sends pages and receives them, and continues after each failure.
    private static void exchange(DatagramFixture fixture) {
        List<Long> stamps = new ArrayList<>();
        for (int batch = 0; batch < BATCHES; batch++) {
            long handle = fixture.pool().tryAllocate();
            fixture.pool().object(handle).write(batch);
            fixture.sender.handOver(fixture.pool(), handle, 64, 64);
            while (fixture.sender.isPending()) {
                onward(() -> {
                    if (!fixture.sender.send()) {
                        fixture.sender.awaitWritable(DatagramFixture.SOON);
                    }
                });
            }
            while (stamps.size() <= batch) {
                onward(() -> {
                    fixture.source.awaitReadable(DatagramFixture.SOON);
                    fixture.source.receive(datagram -> stamps.add(stampOf(fixture, datagram)), 2);
                });
                fixture.source.checkInvariants();
            }
        }
        assertThat(stamps).containsExactly(0L, 1L, 2L, 3L, 4L, 5L);
    }

    /// {@return the stamp of a page, which is released half of the time}
    private static long stampOf(DatagramFixture fixture, JumboDatagram<JumboView> datagram) {
        long found = OffHeap.getLong(datagram.address());
        long stamp = 0;
        while (JumboView.word(stamp, 0) != found) {
            stamp++;
            assertThat(stamp).isLessThan(BATCHES);
        }
        if (stamp % 2 == 0) {
            fixture.pool().free(datagram.take());
        }
        return stamp;
    }

    private static void onward(Runnable call) {
        try {
            call.run();
        } catch (SystemCallException e) {
            assertThat(e.errno()).isEqualTo(Errno.ENOMEM);
        }
    }
}
