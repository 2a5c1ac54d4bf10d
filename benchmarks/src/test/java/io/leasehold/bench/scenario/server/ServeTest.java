package io.leasehold.bench.scenario.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ServeTest {

    @TempDir
    private Path folder;

    @Test
    void theDefaultIsAServerOfBodies() {
        ServerOptions options = options(Map.of());

        assertThat(options.port()).isEqualTo(8080);
        assertThat(options.allocator()).isEqualTo("leased");
        assertThat(options.files()).isEmpty();
        assertThat(options(Map.of("serve.root", ".", "serve.files", "chunked"))
                        .files()
                        .orElseThrow()
                        .way())
                .isEqualTo(FileWay.CHUNKED);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "serve.port      | 65536  | port is out of range: port=65536, min=0, max=65535",
                "serve.port      | -1     | port is out of range: port=-1, min=0, max=65535",
                "serve.port      | http   | not a number: port=http",
                "serve.threads   | 0      | number of event loops is out of range: threads=0, min=1, max=1024",
                "serve.threads   | two    | not a number: threads=two",
                "serve.transport | uring  | unknown transport: name=uring; use nio or epoll",
                "serve.tls       | yes    | not true or false: serve.tls=yes",
                "serve.root      | nobase | not a folder that can be read: root=",
                "serve.port      | 99999999999 | not a number: port=99999999999",
                "serve.port      | ' 80'  | 'not a number: port= 80'",
                "serve.threads   | 1025   | number of event loops is out of range: threads=1025, min=1, max=1024",
                "serve.files     | quickly| unknown way: files=quickly; use leasehold, sendfile, chunked or chunked64",
                "serve.files     | chunked | option has no meaning without root: serve.files=chunked; name the fol",
                "serve.trust     | foreign | option has no meaning without root: serve.trust=foreign; name the fol",
                "serve.trust     | owned  | unknown trust: name=owned; use foreign or immutable"
            })
    void aWrongValueIsOneSentence(String name, String value, String message) {
        assertThatThrownBy(() -> options(Map.of(name, value)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageStartingWith(message)
                .hasMessageNotContaining("\n");
    }

    @Test
    void anyFreePortMayBeUsed() {
        assertThat(options(Map.of("serve.port", "0")).port()).isZero();
        assertThat(options(Map.of("serve.port", "65535")).port()).isEqualTo(65_535);
    }

    @Test
    void sendfileCannotEncrypt() {
        assertThatThrownBy(() -> options(Map.of("serve.root", ".", "serve.files", "sendfile", "serve.tls", "true")))
                .hasMessageStartingWith("sendfile cannot encrypt");
    }

    private ServerOptions options(Map<String, String> properties) {
        Map<String, String> all = new HashMap<>(properties);
        all.put("serve.base", folder.toString());
        return Serve.options(name -> all.getOrDefault(name, ""));
    }
}
