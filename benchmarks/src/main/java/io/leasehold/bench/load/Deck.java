package io.leasehold.bench.load;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.zip.CRC32C;

/// The requests of a load, ready to be sent, in an order that is always the same.
///
/// Three in four are a GET. One in four is a POST, whose body is as long as an answer would be but at most 64 KiB:
/// SURGE, which gives the sizes of answers, says nothing of uploads.
final class Deck {

    private static final int COUNT = 4096;
    private static final int MAX_BODY_BYTES = 64 << 10;
    private static final int POST_ONE_IN = 4;
    private static final String GET = "GET /";
    private static final String LINE_END = " HTTP/1.1\r\n";
    private static final String HEADERS = "host: 127.0.0.1\r\nuser-agent: leasehold\r\naccept: */*\r\n";

    private final byte[][] requests = new byte[COUNT][]; // (C)
    private final int[] answerBytes; // (C)
    private final int[] contents; // (C)

    /// Makes requests for bodies of the web.
    Deck(long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        answerBytes = WebSizes.draw(COUNT, random);
        contents = new int[COUNT];
        int[] bodies = WebSizes.draw(COUNT, random);
        for (int id = 0; id < COUNT; id++) {
            contents[id] = id;
            boolean posts = random.nextInt(POST_ONE_IN) == 0;
            requests[id] = request(id, answerBytes[id], posts ? Math.min(bodies[id], MAX_BODY_BYTES) : 0);
        }
    }

    /// Makes requests for files, each as often as any other.
    Deck(FileTree tree, long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        answerBytes = new int[COUNT];
        contents = new int[COUNT];
        for (int id = 0; id < COUNT; id++) {
            int file = random.nextInt(tree.count());
            contents[id] = file;
            answerBytes[id] = tree.byteSize(file);
            requests[id] = (GET + FileTree.name(file) + LINE_END + HEADERS + "\r\n").getBytes(US_ASCII);
        }
    }

    /// {@return the number of the request that is sent as number `n` of a load}
    static int id(long n) {
        return (int) (n % COUNT);
    }

    /// {@return what goes over the wire; not to be changed}
    byte[] request(int id) {
        return requests[id];
    }

    /// {@return the number of the body that is the answer}
    int content(int id) {
        return contents[id];
    }

    /// {@return how long the body of the answer is}
    int answerBytes(int id) {
        return answerBytes[id];
    }

    private static byte[] request(int id, int answerBytes, int bodyBytes) {
        String line = (bodyBytes == 0 ? GET : "POST /") + id + "/" + answerBytes + LINE_END;
        String headers = HEADERS;
        byte[] body = Content.bytes(id, bodyBytes);
        if (bodyBytes > 0) {
            CRC32C sum = new CRC32C();
            sum.update(body);
            headers += "content-length: " + bodyBytes + "\r\n";
            headers += Content.SUM_HEADER + ": " + Long.toHexString(sum.getValue()) + "\r\n";
        }
        byte[] head = (line + headers + "\r\n").getBytes(US_ASCII);
        byte[] whole = Arrays.copyOf(head, head.length + bodyBytes);
        System.arraycopy(body, 0, whole, head.length, bodyBytes);
        return whole;
    }
}
