package io.leasehold.bench.scenario.load;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

class AnswerReaderTest {

    private static final Deck DECK = new Deck(1);
    private static final int ID = 3;

    private final List<Boolean> answers = new ArrayList<>();
    private final AnswerReader reader = new AnswerReader(DECK, 2, (intended, isRight) -> answers.add(isRight));

    @Test
    void acceptsACorrectAnswerInAnyPieces() {
        byte[] answer = answer(200, DECK.answerBytes(ID), Content.bytes(ID, DECK.answerBytes(ID)));
        for (int piece : new int[] {1, 2, 3, 7, 50, 1000, answer.length}) {
            reader.expect(ID, 0);
            for (int at = 0; at < answer.length; at += piece) {
                reader.read(answer, at, Math.min(answer.length, at + piece));
            }
        }
        assertThat(answers).hasSize(7).containsOnly(true);
        assertThat(reader.underWay()).isZero();
    }

    @Test
    void separatesAnswers() {
        byte[] first = answer(200, DECK.answerBytes(ID), Content.bytes(ID, DECK.answerBytes(ID)));
        byte[] second = answer(200, DECK.answerBytes(9), Content.bytes(9, DECK.answerBytes(9)));
        byte[] both = Arrays.copyOf(first, first.length + second.length);
        System.arraycopy(second, 0, both, first.length, second.length);
        reader.expect(ID, 0);
        reader.expect(9, 0);
        reader.read(both, 0, both.length);
        assertThat(answers).containsExactly(true, true);
    }

    @Test
    void detectsOneWrongByte() {
        byte[] body = Content.bytes(ID, DECK.answerBytes(ID));
        body[body.length / 2]++;
        readOne(answer(200, body.length, body));
        assertThat(answers).containsExactly(false);
    }

    @Test
    void detectsTheBodyOfAnotherRequest() {
        readOne(answer(200, DECK.answerBytes(ID), Content.bytes(ID + 1, DECK.answerBytes(ID))));
        assertThat(answers).containsExactly(false);
    }

    @Test
    void detectsAWrongLength() {
        int byteSize = DECK.answerBytes(ID) - 1;
        readOne(answer(200, byteSize, Content.bytes(ID, byteSize)));
        assertThat(answers).containsExactly(false);
    }

    @Test
    void detectsARejection() {
        readOne(answer(400, 0, new byte[0]));
        assertThat(answers).containsExactly(false);
    }

    @Test
    void rejectsAnswersWithoutRequest() {
        byte[] answer = answer(200, 0, new byte[0]);
        assertThatThrownBy(() -> reader.read(answer, 0, answer.length))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("no request is in flight");
    }

    @Test
    void rejectsAnswersWithoutLength() {
        assertThatThrownBy(() -> readOne("HTTP/1.1 200 OK\r\nserver: x\r\n\r\n".getBytes(US_ASCII)))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("no content length");
    }

    private void readOne(byte[] answer) {
        reader.expect(ID, 0);
        reader.read(answer, 0, answer.length);
    }

    private static byte[] answer(int status, int byteSize, byte[] body) {
        byte[] head = ("HTTP/1.1 " + status + " Word\r\nContent-Length: " + byteSize + "\r\n\r\n").getBytes(US_ASCII);
        byte[] whole = Arrays.copyOf(head, head.length + body.length);
        System.arraycopy(body, 0, whole, head.length, body.length);
        return whole;
    }
}
