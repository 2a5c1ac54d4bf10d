package io.leasehold.bench.scenario.server.http;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class RequestTargetTest {

    @ParameterizedTest
    @CsvSource({
        "/, '', true",
        "/a/b, a|b, false",
        "/a/b/, a|b, true",
        "//a///b, a|b, false",
        "/a/../b, b, false",
        "/a/./b/., a|b, true",
        "/a/b/.., a, true",
        "/a%20b%C3%BC, 'a bü', false",
        "/a%2fb, a/b, false",
        "/..%2fa, ../a, false",
        "/%252e%252e, %2e%2e, false",
        "/a?b=/../c, a, false",
        "/a#b, a, false",
        "/a+b;c, a+b;c, false",
        "http://host/a, a, false",
        "HTTPS://host:1, '', true",
        "http://host?q, '', true"
    })
    void pathsAreSplitThenDecoded(String target, String segments, boolean isFolder) {
        RequestTarget parsed = RequestTarget.parse(target).orElseThrow();
        assertThat(String.join("|", parsed.segments())).isEqualTo(segments);
        assertThat(parsed.isFolder()).isEqualTo(isFolder);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "a",
                "*",
                "?",
                "/%",
                "/%2",
                "/%zz",
                "/%+1",
                "/%-1",
                "/%00",
                "/a%00.html",
                "/..",
                "/a/../../b",
                "/%2e%2e/b",
                "/.%2E/b",
                "/a b",
                "/\u00fc",
                "/a\u0000",
                "/a\u007f",
                "/%ff",
                "/%c0%af",
                "/%ed%a0%80",
                "file:///a",
                "ftp://host/a",
                "http:/a",
                "host:80"
            })
    void malformedTargetsAreRejected(String target) {
        assertThat(RequestTarget.parse(target)).isEmpty();
    }

    @Test
    void absoluteFormsHaveAnAuthority() {
        assertThat(RequestTarget.authority("http://host:80/a")).hasValue("host:80");
        assertThat(RequestTarget.authority("http://?a")).hasValue("");
        assertThat(RequestTarget.authority("/a?b=c://d")).isEmpty();
        assertThat(RequestTarget.parse("/").orElseThrow().segments()).isEqualTo(List.of());
    }
}
