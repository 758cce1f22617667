// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.transport.netty;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.varve.replication.transport.Exchange;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** What is read, and what is held of it, stays within the limits; and goes on when there is room again. */
class BackPressureTest extends Listening {

    private final AtomicInteger handled = new AtomicInteger();
    private final AtomicInteger mostPending = new AtomicInteger();

    private void keepCounting(byte[] frame, Exchange exchange) {
        keep(frame, exchange);
        handled.incrementAndGet();
        mostPending.accumulateAndGet(pending.size(), Math::max);
    }

    @Test
    void shouldStopReadingAtTheLimitOfAConnection() throws IOException {
        open(config().maxInFlightPerConnection(3), this::keepCounting);
        try (Peer peer = connect()) {
            for (int i = 0; i < 20; i++) {
                peer.send((byte) i);
            }
            for (int i = 0; i < 20; i++) {
                awaitPending(Math.min(3, 20 - i));
                answerFirst();
                assertThat(peer.receive()).containsExactly(i);
            }
        }
        assertThat(mostPending).hasValue(3);
    }

    @Test
    void shouldStopReadingAtTheLimitOfBytesOfAConnection() throws IOException {
        open(config().maxInFlightBytesPerConnection(1000), this::keepCounting);
        try (Peer first = connect();
                Peer second = connect()) {
            first.send(new byte[1000]);
            awaitPending(1);
            first.send(new byte[10]);
            second.send(new byte[20]);
            awaitPending(2);
            assertThat(pending).extracting(waiting -> waiting.frame().length).containsExactly(1000, 20);
            answerFirst();
            awaitPending(2);
        }
        assertThat(mostPending).hasValue(2);
    }

    @Test
    void shouldStopReadingEverywhereAtTheLimitOfBytes() throws IOException {
        open(config().maxInFlightBytes(1000), this::keepCounting);
        try (Peer first = connect();
                Peer second = connect()) {
            first.send(new byte[1000]);
            awaitPending(1);
            second.send(new byte[10]);
            first.send(new byte[10]);
            assertThat(listener.inFlightBytes()).isEqualTo(1000);
            answerFirst();
            awaitPending(2);
            answerAll();
            assertThat(second.receive()).hasSize(10);
        }
        assertThat(mostPending).hasValue(2);
    }

    @Test
    void shouldStopReadingEverywhereAtTheLimitOfFrames() throws IOException {
        open(config().maxInFlight(2), this::keepCounting);
        try (Peer first = connect();
                Peer second = connect()) {
            for (int i = 0; i < 10; i++) {
                first.send((byte) i);
                second.send((byte) i);
            }
            for (int answered = 0; answered < 20; answered++) {
                awaitPending(Math.min(2, 20 - answered));
                answerFirst();
            }
            for (int i = 0; i < 10; i++) {
                assertThat(first.receive()).containsExactly(i);
                assertThat(second.receive()).containsExactly(i);
            }
        }
        assertThat(mostPending).hasValue(2);
    }

    /** Nobody is forgotten: with fewer places than connections, everybody is answered in the end, and the limit holds. */
    @Test
    void shouldServeEverybodyUnderATightLimit() throws Exception {
        ExecutorService workers = Executors.newFixedThreadPool(3);
        AtomicInteger open = new AtomicInteger();
        AtomicInteger mostOpen = new AtomicInteger();
        open(config().maxInFlight(3), (frame, exchange) -> {
            mostOpen.accumulateAndGet(open.incrementAndGet(), Math::max);
            workers.execute(() -> {
                open.decrementAndGet();
                echo(frame, exchange);
            });
        });
        List<Peer> peers = new ArrayList<>();
        try {
            for (int i = 0; i < 12; i++) {
                peers.add(connect());
            }
            for (int round = 0; round < 100; round++) {
                for (Peer peer : peers) {
                    peer.send((byte) round, (byte) 1);
                    peer.send((byte) round, (byte) 2);
                }
                for (Peer peer : peers) {
                    assertThat(peer.receive()).containsExactly(round, 1);
                    assertThat(peer.receive()).containsExactly(round, 2);
                }
            }
            assertThat(mostOpen.get()).isLessThanOrEqualTo(3);
        } finally {
            for (Peer peer : peers) {
                peer.close();
            }
            workers.shutdown();
        }
    }

    @Test
    void shouldNotReadAPeerThatDoesNotReadItsAnswers() throws IOException {
        AtomicInteger mostUnsent = new AtomicInteger();
        open(config().maxUnsentBytes(2 << 20).sendBufferBytes(1 << 16), (frame, exchange) -> {
            exchange.reply(answer(new byte[1 << 20]));
            mostUnsent.accumulateAndGet(handled.incrementAndGet() - released(), Math::max);
        });
        try (Peer peer = connect()) {
            for (int i = 0; i < 60; i++) {
                peer.send((byte) 1);
            }
            await().until(() -> handled.get() >= 2);
            for (int i = 0; i < 60; i++) {
                assertThat(peer.receive()).hasSize(1 << 20);
            }
        }
        assertThat(handled).hasValue(60);
        assertThat(mostUnsent.get()).isLessThanOrEqualTo(3);
    }

    @Test
    void shouldCountFramesThatAreOnTheirWayAndStillFinishThem() throws IOException {
        int size = 300_000;
        open(config().maxInFlightBytes(2 * size), this::echo);
        List<Peer> peers = new ArrayList<>();
        for (int i = 0; i < 10; i++) {
            Peer peer = connect();
            peers.add(peer);
            peer.sendLength(size);
            peer.sendRaw(new byte[size / 2]);
        }
        await().until(() -> listener.inFlightBytes() == 2 * size);
        for (Peer peer : peers) {
            Thread rest = new Thread(() -> sendQuietly(peer, new byte[size - size / 2]));
            rest.start();
        }
        for (Peer peer : peers) {
            assertThat(peer.receive()).hasSize(size);
            peer.close();
        }
    }

    private static void sendQuietly(Peer peer, byte[] bytes) {
        try {
            peer.sendRaw(bytes);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Test
    void shouldCloseAPeerWhoseFrameHoldsMemoryAndDoesNotGoOn() throws IOException {
        open(config().maxInFlightBytes(100_000).stallTimeoutMs(200), this::echo);
        try (Peer stalled = connect();
                Peer good = connect()) {
            stalled.sendLength(100_000);
            stalled.sendRaw(new byte[70_000]);
            assertThat(stalled.isClosed()).isTrue();
            good.send((byte) 1);
            assertThat(good.receive()).containsExactly(1);
        }
        assertThat(CapturedLog.linesWith("a begun frame does not go on")).hasSize(1);
    }

    @Test
    void shouldForgetAConnectionThatEndsWhileItWaitsForRoom() throws IOException {
        open(config().maxInFlightBytes(1000), this::keepCounting);
        try (Peer first = connect()) {
            first.send(new byte[1000]);
            awaitPending(1);
            for (int i = 0; i < 20; i++) {
                Peer waiting = connect();
                waiting.send((byte) 1);
                waiting.reset();
            }
            answerFirst();
            assertThat(first.receive()).hasSize(1000);
            first.send((byte) 2);
            await().until(() -> pending.stream().anyMatch(waiting -> waiting.frame()[0] == 2));
        }
    }
}
