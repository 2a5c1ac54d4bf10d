package io.leasehold.os;

import static org.assertj.core.api.Assertions.assertThat;

import io.leasehold.error.Errno;
import java.io.IOException;
import java.net.PortUnreachableException;
import java.net.SocketException;
import java.nio.channels.ClosedChannelException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import org.junit.jupiter.api.Test;

class JdkErrnoTest {

    @Test
    void numberComesFromTheClassOrTheText() {
        assertThat(JdkErrno.of(new NoSuchFileException("/x"))).isEqualTo(Errno.ENOENT);
        assertThat(JdkErrno.of(new AccessDeniedException("/x"))).isEqualTo(Errno.EACCES);
        assertThat(JdkErrno.of(new ClosedChannelException())).isEqualTo(Errno.EBADF);
        assertThat(JdkErrno.of(new PortUnreachableException())).isEqualTo(Errno.ECONNREFUSED);
        assertThat(JdkErrno.of(new FileSystemException("/x", null, "Too many open files")))
                .isEqualTo(Errno.EMFILE);
        assertThat(JdkErrno.of(new FileSystemException("/x", null, "Too many open files in system")))
                .isEqualTo(Errno.ENFILE);
        assertThat(JdkErrno.of(new IOException("No space left on device"))).isEqualTo(Errno.ENOSPC);
        assertThat(JdkErrno.of(new IOException("/a: b: Read-only file system"))).isEqualTo(Errno.EROFS);
        assertThat(JdkErrno.of(new SocketException("Permission denied (bind failed)")))
                .isEqualTo(Errno.EACCES);
    }

    @Test
    void unknownTextIsAnInputOutputError() {
        assertThat(JdkErrno.of(new IOException())).isEqualTo(Errno.EIO);
        assertThat(JdkErrno.of(new FileSystemException("/No space left on device", null, null)))
                .isEqualTo(Errno.EIO);
        assertThat(JdkErrno.of(new IllegalStateException("No space left on device")))
                .isEqualTo(Errno.EIO);
    }
}
