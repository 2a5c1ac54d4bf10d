package io.leasehold.error;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class SystemCallExceptionTest {

    @Test
    void messageNamesCallArgumentsAndError() {
        SystemCallException e =
                SystemCallException.ofRange("mprotect", 0x7f00_0000_1000L, 4096, "READ_WRITE", Errno.ENOMEM);
        assertThat(e)
                .hasMessage("mprotect(address=0x7f0000001000, byteSize=4096, READ_WRITE) failed: "
                        + "ENOMEM (12, out of memory)");
        assertThat(e.call()).isEqualTo("mprotect");
        assertThat(e.errno()).isEqualTo(12);
    }

    @Test
    void rangeWithoutDetailEndsWithItsSize() {
        assertThat(SystemCallException.ofRange("mlock", 0x1000, 4096, "", Errno.EAGAIN))
                .hasMessage("mlock(address=0x1000, byteSize=4096) failed: "
                        + "EAGAIN (11, resource temporarily unavailable)");
    }

    @Test
    void remedyFollowsTheError() {
        assertThat(new SystemCallException("mlock", "x=1", Errno.EPERM, "do not lock pages"))
                .hasMessage("mlock(x=1) failed: EPERM (1, operation not permitted); do not lock pages");
    }

    @Test
    void callIsRefusedByErrorsThatFiltersAnswer() {
        assertThat(IntStream.range(0, 200).filter(Errno::refusesCall))
                .containsExactly(Errno.EPERM, Errno.EACCES, Errno.ENOSYS);
    }

    @Test
    void unknownErrorIsGivenAsNumber() {
        assertThat(new SystemCallException("call", "x=1", 999)).hasMessage("call(x=1) failed: errno 999");
    }

    @Test
    void everyErrorInTheTableIsDescribedByItsName() throws IllegalAccessException {
        for (var constant : Errno.class.getFields()) {
            assertThat(Errno.describe(constant.getInt(null))).startsWith(constant.getName() + " (");
        }
    }
}
