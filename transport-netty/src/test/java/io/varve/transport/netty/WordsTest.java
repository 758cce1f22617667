// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.transport.netty;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.varve.replication.transport.ConnectionHandler;
import io.varve.replication.transport.Exchange;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;

/** Words that a peer says instead of a frame. */
class WordsTest extends Listening {

    private static final Set<String> WORDS = Set.of("ruok", "stat", "mntr");

    private String say(String text) throws IOException {
        try (Peer peer = connect()) {
            peer.sendRaw(text.getBytes(US_ASCII));
            return heard(peer);
        }
    }

    /** All that comes until the connection is closed. */
    private static String heard(Peer peer) throws IOException {
        return new String(peer.socket.getInputStream().readAllBytes(), US_ASCII);
    }

    @Test
    void shouldAnswerAWordWithoutALengthAndClose() throws IOException {
        onWord = (word, exchange) -> exchange.reply(answer((word + ": imok").getBytes(US_ASCII)));
        open(config().words(WORDS), this::echo);
        assertThat(say("ruok")).isEqualTo("ruok: imok");
        assertThat(say("stat\n")).isEqualTo("stat: imok");
        assertThat(say("mntr\r\nstat\r\n")).isEqualTo("mntr: imok");
    }

    @Test
    void shouldAnswerAWordThatComesByteByByteFromAPeerThatThenEndsItsSide() throws IOException {
        open(config().words(WORDS), this::echo);
        try (Peer peer = connect()) {
            peer.socket.setTcpNoDelay(true);
            for (byte b : "ruok\n".getBytes(US_ASCII)) {
                peer.sendRaw(b);
            }
            peer.socket.shutdownOutput();
            assertThat(heard(peer)).isEqualTo("ruok");
        }
    }

    @Test
    void shouldSendALongAnswerWhole() throws IOException {
        byte[] text = "0123456789".repeat(800_000).getBytes(US_ASCII);
        onWord = (word, exchange) -> exchange.reply(answer(text));
        open(config().words(WORDS).sendBufferBytes(1 << 14), this::echo);
        try (Peer peer = Peer.connectWithSmallBuffer(listener.address())) {
            peer.sendRaw("stat".getBytes(US_ASCII));
            peer.sendRaw("what follows is thrown away".repeat(1_000).getBytes(US_ASCII));
            assertThat(heard(peer)).hasSize(text.length).endsWith("0123456789");
        }
    }

    @Test
    void shouldWaitForAnAnswerFromAnotherThread() throws IOException {
        onWord = (word, exchange) -> new Thread(() -> echo(word.getBytes(US_ASCII), exchange)).start();
        open(config().words(WORDS), this::echo);
        assertThat(say("ruok")).isEqualTo("ruok");
    }

    @Test
    void shouldCloseWhenThereIsNoAnswer() throws IOException {
        onWord = (word, exchange) -> exchange.done();
        open(config().words(WORDS), this::echo);
        assertThat(say("ruok")).isEmpty();
        onWord = (word, exchange) -> {
            throw new IllegalStateException("cannot say");
        };
        assertThat(say("ruok")).isEmpty();
    }

    @Test
    void shouldAnswerAWordWhenNothingElseIsRead() throws IOException {
        open(config().words(WORDS).maxInFlight(2), this::keep);
        try (Peer busy = connect()) {
            busy.send((byte) 1);
            busy.send((byte) 2);
            awaitPending(2);
            assertThat(say("ruok")).isEqualTo("ruok");
        }
    }

    @Test
    void shouldTakeAWordForALengthWhenItIsNotKnown() throws IOException {
        open(config().words(WORDS), this::echo);
        assertThat(say("wxyz")).isEmpty();
        assertThat(CapturedLog.linesWith("frame length out of range: length=2004384122"))
                .hasSize(1);
    }

    @Test
    void shouldTakeAWordForALengthAfterAFrame() throws IOException {
        open(config().words(WORDS), this::echo);
        try (Peer peer = connect()) {
            peer.send((byte) 1);
            assertThat(peer.receive()).containsExactly(1);
            peer.sendRaw("ruok".getBytes(US_ASCII));
            assertThat(peer.isClosed()).isTrue();
        }
        assertThat(CapturedLog.linesWith("frame length out of range")).hasSize(1);
    }

    @Test
    void shouldNotAnswerAWordByDefault() throws IOException {
        AtomicReference<String> reason = new AtomicReference<>();
        open(config(), this::echo);
        try (NettyListener other = NettyListener.open(config().words(WORDS).build(), loops, c -> handler(reason));
                Peer peer = Peer.connect(other.address())) {
            peer.sendRaw("ruok".getBytes(US_ASCII));
            assertThat(heard(peer)).isEmpty();
        }
        await().until(() -> reason.get() != null);
        assertThat(reason.get()).contains("nothing is known of this word: word=ruok");
    }

    private static ConnectionHandler handler(AtomicReference<String> closeReason) {
        return new ConnectionHandler() {
            @Override
            public void onFrame(ByteBuffer frame, Exchange exchange) {
                exchange.done();
            }

            @Override
            public void onClosed(String reason) {
                closeReason.set(reason);
            }
        };
    }

    @Test
    void shouldServeWordsAndFramesSideBySide() throws Exception {
        open(config().words(WORDS), this::echo);
        ConcurrentLinkedQueue<String> heard = new ConcurrentLinkedQueue<>();
        List<Thread> threads = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
            threads.add(new Thread(() -> {
                for (int round = 0; round < 50; round++) {
                    try {
                        heard.add(say("mntr\n"));
                    } catch (IOException e) {
                        heard.add(String.valueOf(e));
                    }
                }
            }));
        }
        threads.forEach(Thread::start);
        try (Peer peer = connect()) {
            for (int i = 0; i < 500; i++) {
                peer.send((byte) i);
                assertThat(peer.receive()).containsExactly(i);
            }
        }
        for (Thread thread : threads) {
            thread.join();
        }
        assertThat(heard).hasSize(200).containsOnly("mntr");
    }

    @Test
    void shouldRefuseWordsThatAreNone() {
        open(config(), this::echo);
        for (String word : List.of("", "ruo", "ruokk", "ru\no", "ruö!")) {
            assertThatThrownBy(() -> config().words(Set.of(word)).build())
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining(word);
        }
        assertThatThrownBy(
                        () -> config().words(WORDS).maxFrameBytes(2_000_000_000).build())
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("maxFrameBytes=2000000000");
    }
}
