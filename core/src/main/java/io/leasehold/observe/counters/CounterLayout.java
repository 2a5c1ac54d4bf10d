package io.leasehold.observe.counters;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/// The layout of a counter file, and the ordered stores into it.
///
/// ```text
///   0       header: version, magic, process, heartbeat, lengths
///   4,096   metadata: 512 bytes a counter   } as Agrona's CountersReader reads them
///   266,240 values:   128 bytes a counter   }
/// ```
///
/// All numbers are in the byte order of the machine. The version comes first. It is 0 until the file is complete.
///
/// **Memory order.** A counter is published by the release store of its state, after its type, key and label. The
/// version is published by a release store after everything else in the header.
final class CounterLayout {

    /// The version of the format that this class reads and writes.
    static final int VERSION = 1;

    /// `LEASEHLD` in ASCII, if the byte order is that of the machine.
    static final long MAGIC = 0x4c45_4153_4548_4c44L;

    static final int VERSION_AT = 0;
    static final int MAGIC_AT = 8;
    static final int PID_AT = 16;
    static final int STARTED_AT = 24; // start of the process, in milliseconds since 1970
    static final int HEARTBEAT_AT = 32; // last update, in milliseconds since 1970
    static final int METADATA_LENGTH_AT = 40;
    static final int VALUES_LENGTH_AT = 44;
    static final int HEADER_BYTES = 4096;

    static final int METADATA_BYTES = 512;
    static final int STATE_IN_METADATA = 0;
    static final int TYPE_IN_METADATA = 4;
    static final int REUSE_TIME_IN_METADATA = 8;
    static final int KEY_IN_METADATA = 16;
    static final int LABEL_LENGTH_IN_METADATA = 128;
    static final int LABEL_IN_METADATA = 132;
    static final int MAX_LABEL_BYTES = 380;

    static final int VALUE_BYTES = 128;
    static final int REGISTRATION_IN_VALUE = 8;

    static final int COUNTERS = 512;
    static final int METADATA_LENGTH = COUNTERS * METADATA_BYTES;
    static final int VALUES_LENGTH = COUNTERS * VALUE_BYTES;
    static final long FILE_BYTES = (long) HEADER_BYTES + METADATA_LENGTH + VALUES_LENGTH;

    static final int UNUSED = 0;
    static final int ALLOCATED = 1;
    static final int RECLAIMED = -1;

    static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.nativeOrder());
    static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.nativeOrder());
    private static final VarHandle INT_WORD = ValueLayout.JAVA_INT.varHandle();
    private static final VarHandle LONG_WORD = ValueLayout.JAVA_LONG.varHandle();

    private CounterLayout() {}

    static long metadata(int counter) {
        return HEADER_BYTES + (long) counter * METADATA_BYTES;
    }

    static long value(int counter) {
        return HEADER_BYTES + METADATA_LENGTH + (long) counter * VALUE_BYTES;
    }

    static void publishInt(MemorySegment file, long at, int value) {
        INT_WORD.setRelease(file, at, value);
    }

    static void publishLong(MemorySegment file, long at, long value) {
        LONG_WORD.setRelease(file, at, value);
    }
}
