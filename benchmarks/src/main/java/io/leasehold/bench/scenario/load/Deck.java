package io.leasehold.bench.scenario.load;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.zip.CRC32C;

/// The prepared requests of a load, in a fixed order.
///
/// Three of four requests are a GET. One of four is a POST, whose body has the length of an answer but at most 64 KiB.
/// SURGE, the model for the sizes of answers, has no model for uploads.
public final class Deck {

    private static final int COUNT = 4096;
    private static final int MAX_BODY_BYTES = 64 << 10;
    private static final int POST_ONE_IN = 4;
    private static final String GET = "GET /";
    private static final String LINE_END = " HTTP/1.1\r\n";
    private static final String HEADERS = "host: 127.0.0.1\r\nuser-agent: leasehold\r\naccept: */*\r\n";

    private final byte[][] requests = new byte[COUNT][]; // (C)
    private final int[] answerBytes; // (C)
    private final int[] contents; // (C)

    /// Creates requests for bodies with sizes of the web.
    ///
    /// @param seed of the order of requests
    public Deck(long seed) {
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

    /// Creates requests for files, all with the same frequency.
    ///
    /// @param tree files of the server
    /// @param seed of the order of requests
    public Deck(FileTree tree, long seed) {
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

    /// {@return the number of the request that a load sends as its n-th}
    static int id(long n) {
        return (int) (n % COUNT);
    }

    /// {@return the bytes of a request; they must not be changed}
    byte[] request(int id) {
        return requests[id];
    }

    /// {@return the number of the body in the answer}
    int content(int id) {
        return contents[id];
    }

    /// {@return the length of the body in the answer}
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
