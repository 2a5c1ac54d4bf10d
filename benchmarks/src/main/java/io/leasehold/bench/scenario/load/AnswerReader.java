package io.leasehold.bench.scenario.load;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.util.Locale;

/// Parses the answers of one connection and compares each with the request.
///
/// It knows only the part of HTTP/1.1 that a server of this module sends: a status, a content length, a body.
///
/// **Threads.** Confined to one thread.
final class AnswerReader {

    private static final int MAX_HEAD_BYTES = 1024;
    private static final int OK = 200;
    private static final String LENGTH = "\r\ncontent-length:";
    private static final int STATUS_AT = "HTTP/1.1 ".length();
    private static final int STATUS_CHARS = 3;

    private final Deck deck; // (C)
    private final Listener listener; // (C)

    private final int[] ids; // (O) a ring buffer of the requests in flight
    private final long[] intendedNanos; // (O) the times when they should have been sent
    private int first; // (O)
    private int underWay; // (O)

    private final byte[] head = new byte[MAX_HEAD_BYTES]; // (O)
    private int headBytes; // (O)
    private int bodyBytes; // (O) of the answer whose head is read, or -1
    private int bodyAt; // (O)
    private boolean isRight; // (O) so far

    /// Receives the answers.
    interface Listener {

        /// Receives one answer.
        ///
        /// @param intendedNanos when the request should have been sent
        /// @param isRight true if the content is correct
        void answered(long intendedNanos, boolean isRight);
    }

    AnswerReader(Deck deck, int depth, Listener listener) {
        this.deck = deck;
        this.listener = listener;
        ids = new int[depth];
        intendedNanos = new long[depth];
        bodyBytes = -1;
    }

    /// Notes that request `id` was sent.
    void expect(int id, long intended) {
        int slot = (first + underWay++) % ids.length;
        ids[slot] = id;
        intendedNanos[slot] = intended;
    }

    /// {@return the number of requests without an answer}
    int underWay() {
        return underWay;
    }

    /// Reads received bytes.
    ///
    /// @throws IllegalStateException if they are not an answer, or if no request is in flight
    void read(byte[] bytes, int from, int to) {
        int at = from;
        while (at < to) {
            if (bodyBytes < 0) {
                at = readHead(bytes, at, to);
            } else {
                int count = Math.min(to - at, bodyBytes - bodyAt);
                if (isRight) {
                    isRight = Content.matches(deck.content(ids[first]), bodyAt, bytes, at, at + count);
                }
                bodyAt += count;
                at += count;
            }
            if (bodyAt == bodyBytes) {
                end();
            }
        }
    }

    private int readHead(byte[] bytes, int from, int to) {
        for (int at = from; at < to; at++) {
            if (headBytes == MAX_HEAD_BYTES) {
                throw noAnswer("the head is too long: max=" + MAX_HEAD_BYTES + " B");
            }
            head[headBytes++] = bytes[at];
            if (bytes[at] == '\n' && headBytes >= 4 && head[headBytes - 3] == '\n') {
                begin();
                return at + 1;
            }
        }
        return to;
    }

    private void begin() {
        String text = new String(head, 0, headBytes, US_ASCII).toLowerCase(Locale.ROOT);
        int length = text.indexOf(LENGTH);
        if (underWay == 0 || length < 0) {
            throw noAnswer(underWay == 0 ? "no request is in flight" : "there is no content length");
        }
        int from = length + LENGTH.length();
        try {
            bodyBytes = Integer.parseInt(
                    text.substring(from, text.indexOf('\r', from)).strip());
            int status = Integer.parseInt(text.substring(STATUS_AT, STATUS_AT + STATUS_CHARS));
            isRight = status == OK && bodyBytes == deck.answerBytes(ids[first]);
        } catch (NumberFormatException e) {
            throw new IllegalStateException("not an answer: " + text, e);
        }
        headBytes = 0;
        bodyAt = 0;
    }

    private void end() {
        bodyBytes = -1;
        bodyAt = 0;
        long intended = intendedNanos[first];
        first = (first + 1) % ids.length;
        underWay--;
        listener.answered(intended, isRight);
    }

    private IllegalStateException noAnswer(String why) {
        return new IllegalStateException("not an answer: " + why + ": " + new String(head, 0, headBytes, US_ASCII));
    }
}
