package io.leasehold.os;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.junit.jupiter.api.Test;

/// Control messages as a kernel may write them, in any order and truncated anywhere.
class MessageControlTest {

    private static final long OFFSET = 48;

    private final MemorySegment memory = Arena.ofAuto().allocate(256, Long.BYTES);
    private final MessageControl control = new MessageControl();
    private final Endpoint bound = new Endpoint();
    private long end;

    /// Writes one control message of ints.
    private void add(int level, int type, int valueSize, int... values) {
        long at = OFFSET + end;
        memory.set(MessageLayout.LONG, at, MessageLayout.CONTROL_VALUE + valueSize);
        memory.set(MessageLayout.INT, at + MessageLayout.CONTROL_LEVEL, level);
        memory.set(MessageLayout.INT, at + MessageLayout.CONTROL_TYPE, type);
        for (int i = 0; i < values.length; i++) {
            memory.set(MessageLayout.INT, at + MessageLayout.CONTROL_VALUE + 4L * i, values[i]);
        }
        end += MessageLayout.align(MessageLayout.CONTROL_VALUE + valueSize);
    }

    private void addAll(boolean isReversed) {
        for (int step = 0; step < 5; step++) {
            switch (isReversed ? 4 - step : step) {
                // SO_RXQ_OVFL, which this library does not use.
                case 0 -> add(LinuxSocketOptions.SOL_SOCKET, 40, 4, 7);
                case 1 -> add(MessageLayout.SOL_UDP, MessageLayout.UDP_GRO, 4, 1_200);
                case 2 ->
                    add(MessageLayout.SOL_IPV6, MessageLayout.IPV6_PKTINFO, 20, 0, 0, 0xffff_0000, 0xff00_007f, 1);
                case 3 -> add(MessageLayout.SOL_IP, MessageLayout.IP_PKTINFO, 12, 1, 0x0100_007f, 0xff00_007f);
                default -> add(MessageLayout.SOL_IP, MessageLayout.IP_TOS, 1, 0x5a5a_5a02);
            }
        }
    }

    @Test
    void orderDoesNotMatter() {
        bound.setIpv6(0, 0, 0, 443);
        for (boolean isReversed : new boolean[] {false, true}) {
            end = 0;
            addAll(isReversed);
            control.read(memory, OFFSET, end, bound);
            assertThat(control.groSize()).isEqualTo(1_200);
            assertThat(control.trafficClass()).isEqualTo(2);
            assertThat(control.destination()).hasToString("/127.0.0.255:443");
            assertThat(control.replySource()).hasToString("/127.0.0.1:443");
        }
    }

    @Test
    void truncatedMessageIsNotRead() {
        bound.setIpv6(0, 0, 0, 443);
        addAll(false);
        for (long byteSize = 0; byteSize <= 300; byteSize++) {
            control.read(memory, OFFSET, byteSize, bound);
            assertThat(control.groSize()).isEqualTo(byteSize < 24 + 20 ? 0 : 1_200);
            assertThat(control.destination().port() != 0).isEqualTo(byteSize >= 24 + 24 + 36);
        }
    }

    @Test
    void impossibleSizesEndTheLoop() {
        bound.setIpv4(0x7f00_0001, 443);
        for (long size : new long[] {0, 1, 15, -1, Long.MIN_VALUE, Long.MAX_VALUE, 1L << 32}) {
            end = 0;
            add(MessageLayout.SOL_UDP, MessageLayout.UDP_GRO, 4, 1_200);
            add(MessageLayout.SOL_IP, MessageLayout.IP_TOS, 1, 3);
            memory.set(MessageLayout.LONG, OFFSET + 24, size);
            control.read(memory, OFFSET, end, bound);
            assertThat(control.groSize()).isEqualTo(1_200);
            assertThat(control.trafficClass()).isEqualTo(MessageControl.UNKNOWN);
            assertThat(control.destination()).hasToString("/127.0.0.1:443");
            assertThat(control.replySource().port()).isZero();
        }
    }

    @Test
    void nothingIsLeftOfTheMessageBefore() {
        bound.setIpv6(0, 0, 0, 443);
        addAll(false);
        control.read(memory, OFFSET, end, bound);
        control.read(memory, OFFSET, 0, bound);
        assertThat(control.groSize()).isZero();
        assertThat(control.trafficClass()).isEqualTo(MessageControl.UNKNOWN);
        assertThat(control.destination().port()).isZero();
        assertThat(control.replySource().port()).isZero();
    }

    @Test
    void interfaceIsKeptForLinkLocalAddressesOnly() {
        bound.setIpv6(0, 0, 0, 443);
        add(MessageLayout.SOL_IPV6, MessageLayout.IPV6_PKTINFO, 20, 0x80fe, 0, 0, 0x0100_0000, 3);
        control.read(memory, OFFSET, end, bound);
        assertThat(control.replySource().toAddress().getHostAddress()).startsWith("fe80:0:0:0:0:0:0:1%");
        end = 0;
        add(MessageLayout.SOL_IPV6, MessageLayout.IPV6_PKTINFO, 20, 0x00fd, 0, 0, 0x0100_0000, 3);
        control.read(memory, OFFSET, end, bound);
        assertThat(control.replySource().toAddress().getHostAddress()).isEqualTo("fd00:0:0:0:0:0:0:1");
        end = 0;
        add(MessageLayout.SOL_IPV6, MessageLayout.IPV6_PKTINFO, 20, 0x02ff, 0, 0, 0x0100_0000, 3);
        control.read(memory, OFFSET, end, bound);
        assertThat(control.destination().toAddress().isMulticastAddress()).isTrue();
        assertThat(control.replySource().port()).isZero();
    }
}
