package io.leasehold.bench.scenario.server.http;

import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaderValues;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http.TooLongHttpHeaderException;
import io.netty.handler.codec.http.TooLongHttpLineException;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;

/// Checks that a request is well-formed and trustworthy, before it is handled.
///
/// **Threads.** Stateless.
///
/// @see <a href="https://www.rfc-editor.org/rfc/rfc9112">RFC 9112</a>
public final class RequestRules {

    /// A name, an address in brackets or an address with dots, and a port.
    private static final Pattern AUTHORITY =
            Pattern.compile("(\\[[0-9A-Fa-f:.]+]|(?:[A-Za-z0-9\\-._~!$&'()*+,;=]|%[0-9A-Fa-f]{2})+)(:[0-9]*)?");

    private static final String HTTP = "HTTP";

    private static final Set<HttpMethod> KNOWN_METHODS = Set.of(
            HttpMethod.GET,
            HttpMethod.HEAD,
            HttpMethod.OPTIONS,
            HttpMethod.POST,
            HttpMethod.PUT,
            HttpMethod.PATCH,
            HttpMethod.DELETE,
            HttpMethod.TRACE,
            HttpMethod.CONNECT);

    private RequestRules() {}

    /// {@return the status with which a malformed or untrusted request is rejected, after which the connection ends;
    /// empty if the request is valid}
    ///
    /// @param request head of the request
    public static Optional<HttpResponseStatus> refusal(HttpRequest request) {
        if (request.decoderResult().isFailure()) {
            return Optional.of(ofFailure(request.decoderResult().cause()));
        }
        HttpVersion version = request.protocolVersion();
        if (!version.protocolName().equals(HTTP)) {
            return Optional.of(HttpResponseStatus.BAD_REQUEST);
        }
        if (version.majorVersion() != 1) {
            return Optional.of(HttpResponseStatus.HTTP_VERSION_NOT_SUPPORTED);
        }
        if (!isHostGood(request)) {
            return Optional.of(HttpResponseStatus.BAD_REQUEST);
        }
        return ofCoding(request);
    }

    /// {@return the status with which an unsupported method is rejected; empty if the method is supported}
    ///
    /// @param method method of the request
    public static Optional<HttpResponseStatus> refusal(HttpMethod method) {
        if (isRead(method) || method.equals(HttpMethod.OPTIONS)) {
            return Optional.empty();
        }
        return Optional.of(
                KNOWN_METHODS.contains(method)
                        ? HttpResponseStatus.METHOD_NOT_ALLOWED
                        : HttpResponseStatus.NOT_IMPLEMENTED);
    }

    /// {@return true if a method reads: GET or HEAD}
    ///
    /// @param method method of the request
    public static boolean isRead(HttpMethod method) {
        return method.equals(HttpMethod.GET) || method.equals(HttpMethod.HEAD);
    }

    /// {@return the status with which an unsupported expectation is rejected; empty if there is none}
    ///
    /// @param request head of the request
    public static Optional<HttpResponseStatus> ofExpectation(HttpRequest request) {
        boolean isOld = isOld(request);
        List<String> expected = request.headers().getAll(HttpHeaderNames.EXPECT);
        boolean isMet = expected.stream().allMatch(HttpHeaderValues.CONTINUE::contentEqualsIgnoreCase);
        return isOld || isMet ? Optional.empty() : Optional.of(HttpResponseStatus.EXPECTATION_FAILED);
    }

    /// {@return true if a request is of HTTP/1.0, which has neither codings nor interim answers}
    ///
    /// @param request head of the request
    public static boolean isOld(HttpRequest request) {
        return request.protocolVersion().compareTo(HttpVersion.HTTP_1_1) < 0;
    }

    private static HttpResponseStatus ofFailure(Throwable cause) {
        if (cause instanceof TooLongHttpLineException) {
            return HttpResponseStatus.REQUEST_URI_TOO_LONG;
        }
        return cause instanceof TooLongHttpHeaderException
                ? HttpResponseStatus.REQUEST_HEADER_FIELDS_TOO_LARGE
                : HttpResponseStatus.BAD_REQUEST;
    }

    private static boolean isHostGood(HttpRequest request) {
        List<String> hosts = request.headers().getAll(HttpHeaderNames.HOST);
        if (hosts.size() > 1 || (hosts.isEmpty() && !isOld(request))) {
            return false;
        }
        return hosts.stream().allMatch(host -> AUTHORITY.matcher(host.strip()).matches())
                && RequestTarget.authority(request.uri()).stream()
                        .allMatch(host -> AUTHORITY.matcher(host).matches());
    }

    /// Rejects all codings but "chunked". If "chunked" is not the last coding, the length of the body is unknown.
    private static Optional<HttpResponseStatus> ofCoding(HttpRequest request) {
        List<String> values = request.headers().getAll(HttpHeaderNames.TRANSFER_ENCODING);
        if (values.isEmpty()) {
            return Optional.empty();
        }
        String[] codings = String.join(",", values).split(",", -1);
        boolean isFramed = HttpHeaderValues.CHUNKED.contentEqualsIgnoreCase(codings[codings.length - 1].strip());
        if (isOld(request) || !isFramed) {
            return Optional.of(HttpResponseStatus.BAD_REQUEST);
        }
        return codings.length == 1 ? Optional.empty() : Optional.of(HttpResponseStatus.NOT_IMPLEMENTED);
    }
}
