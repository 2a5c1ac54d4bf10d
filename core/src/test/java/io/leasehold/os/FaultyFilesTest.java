package io.leasehold.os;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.leasehold.error.Errno;
import io.leasehold.error.SystemCallException;
import io.leasehold.os.FaultyFiles.Call;
import io.leasehold.os.Files.Access;
import io.leasehold.os.Files.Advice;
import java.nio.file.Path;
import java.util.EnumMap;
import java.util.Map;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The injector keeps the contract while no fault is armed, and fails each call when one is.
class FaultyFilesTest implements FilesContract {

    @TempDir
    Path folder;

    private final FaultyFiles files = new FaultyFiles(Files.system());

    @Override
    public Files files() {
        return files;
    }

    @Override
    public Path folder() {
        return folder;
    }

    @Test
    void eachCallFailsWhenAFaultIsArmed() {
        Path path = fileOf((byte) 1);
        int file = files.open(path, Access.READ_WRITE);
        Map<Call, ThrowingCallable> calls = new EnumMap<>(Call.class);
        calls.put(Call.OPEN, () -> files.open(path, Access.READ));
        calls.put(Call.STATUS, () -> files.status(file));
        calls.put(Call.BYTE_SIZE, () -> files.byteSize(file));
        calls.put(Call.READ, () -> read(file, 0, 1));
        calls.put(Call.WRITE, () -> write(file, 0, new byte[1]));
        calls.put(Call.TRUNCATE, () -> files.truncate(file, 1));
        calls.put(Call.ALLOCATE, () -> files.allocate(file, 0, 1));
        calls.put(Call.SYNC, () -> files.sync(file));
        calls.put(Call.SYNC_RANGE, () -> files.sync(file, 0, 1));
        calls.put(Call.WRITE_BACK, () -> files.writeBack(file, 0, 1));
        calls.put(Call.ADVISE, () -> files.advise(file, 0, 1, Advice.NORMAL));
        calls.put(Call.CLOSE, () -> files.close(file));
        assertThat(calls).containsOnlyKeys(Call.values());
        calls.forEach((call, run) -> {
            files.failOnce(call, 1, Errno.EIO);
            assertThatThrownBy(run).isInstanceOf(SystemCallException.class).hasMessageContaining("EIO");
            assertThat(files.isArmed(call)).isFalse();
        });
        assertThat(files.injected()).isEqualTo(calls.size());
    }

    @Test
    void shortTransferMovesHalf() {
        with(fileOf((byte) 1, (byte) 2, (byte) 3, (byte) 4), Access.READ_WRITE, file -> {
            files.failOnce(Call.READ, 2, FaultyFiles.SHORT);
            assertThat(read(file, 0, 4)).containsExactly(1, 2, 3, 4);
            assertThat(read(file, 0, 4)).containsExactly(1, 2);
            files.failFrom(Call.WRITE, 1, FaultyFiles.SHORT);
            assertThat(write(file, 0, new byte[] {9, 9})).isEqualTo(1);
            assertThat(write(file, 2, new byte[] {9, 9})).isEqualTo(1);
            files.disarm();
            assertThat(read(file, 0, 4)).containsExactly(9, 2, 9, 4);
        });
    }
}
