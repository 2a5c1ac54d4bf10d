package io.leasehold.datagram;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.leasehold.error.StateKind;
import io.leasehold.jumbo.BufferSize;
import io.leasehold.jumbo.JumboFixture;
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
        try (DatagramFixture fixture = new DatagramFixture(Datagrams.system(), BufferSize.KIB_64, 8)) {
            for (int i = 1; i <= 4; i++) {
                fixture.send(i, 9, i);
            }
            List<Long> handles = new ArrayList<>();
            assertThat(fixture.source.receive(
                            datagram -> {
                                if (datagram.byteSize() == 1) {
                                    handles.add(datagram.take());
                                    return;
                                }
                                fixture.source.close();
                                assertThat(datagram.byteSize()).isEqualTo(2);
                                assertThat(fixture.pagesOut())
                                        .as("taken, and being handled")
                                        .isEqualTo(2);
                            },
                            DatagramFixture.BATCH))
                    .as("the other two were not passed to the handler")
                    .isEqualTo(2);
            assertThat(fixture.pagesOut()).isEqualTo(1);
            fixture.source.close();
            fixture.pages.release(handles);
            assertThat(fixture.pagesOut()).isZero();
            assertThatThrownBy(() -> fixture.source.receive(_ -> {}, 1))
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("source is closed");
            assertThat(fixture.in.awaitReadable(0))
                    .as("the socket is its owner's")
                    .isFalse();
        }
    }

    @Test
    void anotherThreadStopsASourceByItsSocket() throws InterruptedException {
        try (DatagramFixture fixture = new DatagramFixture(Datagrams.system(), BufferSize.KIB_64, 8)) {
            assertThat(fixture.source.receive(_ -> {}, 2)).isZero();
            Watchdog watchdog = new Watchdog();
            watchdog.start("closer", fixture.in::close);
            assertThatThrownBy(() -> fixture.source.awaitReadable(DatagramFixture.SOON))
                    .isInstanceOf(IllegalStateException.class);
            watchdog.join();
            assertThatThrownBy(() -> fixture.source.receive(_ -> {}, 2)).isInstanceOf(IllegalStateException.class);
            assertThat(fixture.pool().stats().pages().armed()).isEqualTo(2);
            fixture.source.close();
            assertThat(fixture.pagesOut()).isZero();
        }
    }

    @Test
    void nothingIsReceivedIntoAPoolThatWasClosedByForce() {
        try (DatagramFixture fixture = new DatagramFixture(Datagrams.system(), BufferSize.KIB_64, 8)) {
            assertThat(fixture.source.receive(_ -> {}, 2)).isZero();
            fixture.send(10, 10, 1);
            assertThat(fixture.pool().closeForcibly()).isEqualTo(2);
            JumboFixture.refused(StateKind.CLOSED, () -> fixture.source.receive(_ -> {}, 2));
            assertThat(fixture.in.awaitReadable(0)).isTrue();
        }
    }

    @Test
    void ownSocketIsClosedWithTheSource() {
        try (JumboFixture pages = new JumboFixture(BufferSize.KIB_64, 8, 4)) {
            DatagramSource<JumboView> source = DatagramSource.open(DatagramFixture.loopback(), pages.pool(), 2);
            DatagramSender sender = source.newSender().to(source.local());
            long page = pages.pool().tryAllocate();
            pages.pool().object(page).write(7);
            sender.handOver(pages.pool(), page, 1_000, 300);
            DatagramFixture.sendRest(sender);
            int[] arrived = {0};
            while (arrived[0] < 1_000) {
                assertThat(source.awaitReadable(DatagramFixture.SOON)).isTrue();
                source.receive(datagram -> arrived[0] += datagram.byteSize(), 2);
            }
            source.close();
            assertThatThrownBy(() -> source.port().socket().awaitReadable(0)).isInstanceOf(IllegalStateException.class);
            source.close();
            assertThat(pages.pool().stats().pages().outstanding()).isZero();
        }
    }
}
