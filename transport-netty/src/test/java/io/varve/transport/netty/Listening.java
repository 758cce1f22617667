// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.transport.netty;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.netty.util.ResourceLeakDetector;
import io.varve.replication.transport.Connection;
import io.varve.replication.transport.ConnectionAcceptor;
import io.varve.replication.transport.ConnectionHandler;
import io.varve.replication.transport.Exchange;
import io.varve.replication.transport.FramePart;
import io.varve.replication.transport.OutFrame;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BiConsumer;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.MethodSource;

/** What tests with a listener share: it runs on each interface to the system that there is, and must give back all memory. */
@ParameterizedClass
@MethodSource("io.varve.transport.netty.EventLoops#available")
abstract class Listening {

    @Parameter
    EventLoops.Kind kind;

    final Queue<Pending> pending = new ConcurrentLinkedQueue<>();
    final AtomicInteger opened = new AtomicInteger();
    final AtomicInteger closed = new AtomicInteger();
    final Queue<AtomicInteger> releases = new ConcurrentLinkedQueue<>();
    BiConsumer<String, Exchange> onWord =
            (word, exchange) -> exchange.reply(answer(word.getBytes(StandardCharsets.US_ASCII)));
    volatile Connection latest;
    NettyListener listener;
    EventLoops loops;
    private volatile boolean ended;

    /** A frame that waits for its answer. */
    record Pending(byte[] frame, Exchange exchange) {}

    @BeforeEach
    void openLoops() {
        ResourceLeakDetector.setLevel(ResourceLeakDetector.Level.PARANOID);
        CapturedLog.clear();
        Awaitility.setDefaultPollInterval(Duration.ofMillis(2));
        Awaitility.setDefaultPollDelay(Duration.ZERO);
        loops = EventLoops.open(kind, 2);
    }

    @AfterEach
    void close() {
        ended = true;
        pending.forEach(waiting -> waiting.exchange().done());
        listener.close();
        await().untilAsserted(() -> assertThat(releases).allMatch(count -> count.get() == 1));
        await().untilAsserted(() -> assertThat(closed.get()).isEqualTo(opened.get()));
        assertThat(listener.connectionCount()).isZero();
        // A frame that another thread is just answering is given back in the event loop's turn.
        await().untilAsserted(() -> assertThat(listener.inFlightBytes()).isZero());
        loops.close();
        Leaks.assertNone();
        assertThat(CapturedLog.linesWith("ERROR")).isEmpty();
    }

    static ListenerConfig.Builder config() {
        return ListenerConfig.at("127.0.0.1", 0);
    }

    void open(ListenerConfig.Builder config, BiConsumer<byte[], Exchange> onFrame) {
        ConnectionAcceptor acceptor = (Connection connection) -> {
            opened.incrementAndGet();
            latest = connection;
            return new ConnectionHandler() {
                @Override
                public void onFrame(ByteBuffer frame, Exchange exchange) {
                    assertThat(frame.isDirect()).isTrue();
                    byte[] bytes = new byte[frame.remaining()];
                    frame.get(bytes);
                    if (ended) {
                        exchange.done();
                    } else {
                        onFrame.accept(bytes, exchange);
                    }
                }

                @Override
                public void onWord(String word, Exchange exchange) {
                    onWord.accept(word, exchange);
                }

                @Override
                public void onClosed(String reason) {
                    closed.incrementAndGet();
                }
            };
        };
        listener = NettyListener.open(config.build(), loops, acceptor);
    }

    Peer connect() throws IOException {
        return Peer.connect(listener.address());
    }

    void echo(byte[] frame, Exchange exchange) {
        exchange.reply(answer(frame));
    }

    void keep(byte[] frame, Exchange exchange) {
        pending.add(new Pending(frame, exchange));
    }

    void answerFirst() {
        answer(pending.remove());
    }

    void answer(Pending waiting) {
        waiting.exchange().reply(answer(waiting.frame()));
    }

    void answerAll() {
        while (!pending.isEmpty()) {
            answerFirst();
        }
    }

    OutFrame answer(byte... bytes) {
        return answer(List.of(new FramePart.Bytes(ByteBuffer.wrap(bytes))));
    }

    /** An answer whose releases are counted; there must have been one when the test ends. */
    OutFrame answer(List<FramePart> parts) {
        AtomicInteger count = new AtomicInteger();
        releases.add(count);
        return new OutFrame(parts, count::incrementAndGet);
    }

    int released() {
        return releases.stream().mapToInt(AtomicInteger::get).sum();
    }

    void awaitPending(int count) {
        await().untilAsserted(() -> assertThat(pending).hasSize(count));
    }
}
