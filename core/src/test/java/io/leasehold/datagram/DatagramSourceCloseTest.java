package io.leasehold.datagram;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.leasehold.error.StateKind;
import io.leasehold.jumbo.BufferSize;
import io.leasehold.jumbo.JumboBed;
import io.leasehold.jumbo.JumboView;
import io.leasehold.os.Datagrams;
import io.leasehold.page.Watchdog;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/// A source is closed by its owner, in its handler, by its socket, or after its pool.
class DatagramSourceCloseTest {

    @Test
    void closingReleasesEveryPage() {
        try (DatagramBed bed = new DatagramBed(Datagrams.system(), BufferSize.KIB_64, 8)) {
            for (int i = 1; i <= 4; i++) {
                bed.send(i, 9, i);
            }
            List<Long> handles = new ArrayList<>();
            assertThat(bed.source.receive(
                            datagram -> {
                                if (datagram.byteSize() == 1) {
                                    handles.add(datagram.take());
                                    return;
                                }
                                bed.source.close();
                                assertThat(datagram.byteSize()).isEqualTo(2);
                                assertThat(bed.pagesOut())
                                        .as("taken, and being handled")
                                        .isEqualTo(2);
                            },
                            DatagramBed.BATCH))
                    .as("the other two were not passed to the handler")
                    .isEqualTo(2);
            assertThat(bed.pagesOut()).isEqualTo(1);
            bed.source.close();
            bed.pages.release(handles);
            assertThat(bed.pagesOut()).isZero();
            assertThatThrownBy(() -> bed.source.receive(_ -> {}, 1))
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("source is closed");
            assertThat(bed.in.awaitReadable(0)).as("the socket is its owner's").isFalse();
        }
    }

    @Test
    void anotherThreadStopsASourceByItsSocket() throws InterruptedException {
        try (DatagramBed bed = new DatagramBed(Datagrams.system(), BufferSize.KIB_64, 8)) {
            assertThat(bed.source.receive(_ -> {}, 2)).isZero();
            Watchdog watchdog = new Watchdog();
            watchdog.start("closer", bed.in::close);
            assertThatThrownBy(() -> bed.source.awaitReadable(DatagramBed.SOON))
                    .isInstanceOf(IllegalStateException.class);
            watchdog.join();
            assertThatThrownBy(() -> bed.source.receive(_ -> {}, 2)).isInstanceOf(IllegalStateException.class);
            assertThat(bed.pool().stats().pages().armed()).isEqualTo(2);
            bed.source.close();
            assertThat(bed.pagesOut()).isZero();
        }
    }

    @Test
    void nothingIsReceivedIntoAPoolThatWasClosedByForce() {
        try (DatagramBed bed = new DatagramBed(Datagrams.system(), BufferSize.KIB_64, 8)) {
            assertThat(bed.source.receive(_ -> {}, 2)).isZero();
            bed.send(10, 10, 1);
            assertThat(bed.pool().closeForcibly()).isEqualTo(2);
            JumboBed.refused(StateKind.CLOSED, () -> bed.source.receive(_ -> {}, 2));
            assertThat(bed.in.awaitReadable(0)).isTrue();
        }
    }

    @Test
    void ownSocketIsClosedWithTheSource() {
        try (JumboBed pages = new JumboBed(BufferSize.KIB_64, 8, 4)) {
            DatagramSource<JumboView> source = DatagramSource.open(DatagramBed.loopback(), pages.pool(), 2);
            DatagramSender sender = source.newSender().to(source.local());
            long page = pages.pool().tryAllocate();
            pages.pool().object(page).write(7);
            sender.handOver(pages.pool(), page, 1_000, 300);
            DatagramBed.sendRest(sender);
            int[] arrived = {0};
            while (arrived[0] < 1_000) {
                assertThat(source.awaitReadable(DatagramBed.SOON)).isTrue();
                source.receive(datagram -> arrived[0] += datagram.byteSize(), 2);
            }
            source.close();
            assertThatThrownBy(() -> source.port().socket().awaitReadable(0)).isInstanceOf(IllegalStateException.class);
            source.close();
            assertThat(pages.pool().stats().pages().outstanding()).isZero();
        }
    }
}
