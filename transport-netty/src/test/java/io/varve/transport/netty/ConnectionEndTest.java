// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.transport.netty;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.varve.replication.transport.FramePart;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** How connections begin and end: limits, idleness, peers that go in every way, a listener that closes. */
class ConnectionEndTest extends Listening {

    @Test
    void shouldLimitConnections() throws IOException {
        open(config().maxConnections(2), this::echo);
        try (Peer first = connect();
                Peer second = connect()) {
            for (Peer peer : List.of(first, second)) {
                peer.send((byte) 1);
                assertThat(peer.receive()).containsExactly(1);
            }
            try (Peer third = connect()) {
                assertThat(third.isClosed()).isTrue();
            }
            first.close();
            await().until(() -> listener.connectionCount() == 1);
            try (Peer fourth = connect()) {
                fourth.send((byte) 4);
                assertThat(fourth.receive()).containsExactly(4);
            }
        }
        assertThat(CapturedLog.linesWith("max.connections=2")).hasSize(1);
    }

    @Test
    void shouldLimitConnectionsOfAnAddress() throws IOException {
        open(config().maxConnectionsPerIp(1), this::echo);
        try (Peer first = connect();
                Peer other = Peer.connectFrom("127.0.0.2", listener.address())) {
            for (Peer peer : List.of(first, other)) {
                peer.send((byte) 1);
                assertThat(peer.receive()).containsExactly(1);
            }
            try (Peer second = connect()) {
                assertThat(second.isClosed()).isTrue();
            }
        }
        assertThat(CapturedLog.linesWith("max.connections.per.ip=1")).hasSize(1);
    }

    @Test
    void shouldCloseIdleConnectionsButNotThoseThatWait() throws IOException {
        open(config().idleTimeoutMs(1500), this::keep);
        try (Peer waiting = connect();
                Peer idle = connect()) {
            waiting.send((byte) 1);
            assertThat(idle.isClosed()).isTrue();
            awaitPending(1);
            answerFirst();
            assertThat(waiting.receive()).containsExactly(1);
            assertThat(waiting.isClosed()).isTrue();
        }
    }

    @Test
    void shouldCloseAPeerThatLeavesItsAnswersUnread() throws IOException {
        open(
                config().idleTimeoutMs(1000).sendBufferBytes(16 << 10),
                (frame, exchange) -> exchange.reply(answer(new byte[8 << 20])));
        try (Peer peer = Peer.connectWithSmallBuffer(listener.address())) {
            peer.send((byte) 1);
            await().until(() -> closed.get() == 1);
        }
    }

    @Test
    void shouldServeBesideFiveHundredIdleConnections() throws IOException {
        open(config().backlog(600), this::echo);
        List<Peer> idle = new ArrayList<>();
        for (int i = 0; i < 500; i++) {
            idle.add(connect());
        }
        await().until(() -> listener.connectionCount() == 500);
        try (Peer good = connect()) {
            for (int i = 0; i < 100; i++) {
                good.send((byte) i);
                assertThat(good.receive()).containsExactly(i);
            }
        }
        idle.get(499).send((byte) 1);
        assertThat(idle.get(499).receive()).containsExactly(1);
        for (Peer peer : idle) {
            peer.close();
        }
        await().until(() -> listener.connectionCount() == 0);
    }

    @Test
    void shouldNotPayForLengthsThatAreAnnounced() throws IOException {
        open(config().maxFrameBytes(1 << 30), this::echo);
        List<Peer> announcers = new ArrayList<>();
        for (int i = 0; i < 60; i++) {
            Peer peer = connect();
            announcers.add(peer);
            peer.sendLength(1 << 30);
            peer.sendRaw(new byte[100]);
        }
        try (Peer good = connect()) {
            good.send((byte) 1);
            assertThat(good.receive()).containsExactly(1);
        }
        assertThat(listener.inFlightBytes()).isZero();
        for (Peer peer : announcers) {
            peer.close();
        }
        await().until(() -> listener.connectionCount() == 0);
    }

    @Test
    void shouldAnswerAPeerThatHasEndedItsSide() throws IOException {
        open(config().maxInFlightPerConnection(2), this::keep);
        try (Peer peer = connect()) {
            for (int i = 0; i < 10; i++) {
                peer.send((byte) i);
            }
            peer.socket.shutdownOutput();
            for (int i = 0; i < 10; i++) {
                await().until(() -> !pending.isEmpty());
                answerFirst();
                assertThat(peer.receive()).containsExactly(i);
            }
            assertThat(peer.isClosed()).isTrue();
        }
    }

    @Test
    void shouldHandleAllFramesOfAPeerThatSendsAndLeaves() throws IOException {
        AtomicInteger bytes = new AtomicInteger();
        open(config().maxInFlightPerConnection(1), this::keep);
        try (Peer peer = connect()) {
            for (int i = 0; i < 50; i++) {
                peer.send(new byte[10_000]);
            }
        }
        for (int i = 0; i < 50; i++) {
            await().until(() -> !pending.isEmpty());
            Pending waiting = pending.remove();
            bytes.addAndGet(waiting.frame().length);
            waiting.exchange().done();
        }
        assertThat(bytes).hasValue(500_000);
    }

    @Test
    void shouldReleaseAnswersThatCanNoLongerBeSent() throws IOException {
        open(config(), this::keep);
        try (Peer peer = connect()) {
            for (int i = 0; i < 10; i++) {
                peer.send((byte) 1);
            }
            awaitPending(10);
            List<Pending> later = new ArrayList<>(pending).subList(5, 10);
            pending.removeAll(later);
            later.forEach(this::answer);
            peer.reset();
        }
        await().until(() -> closed.get() == 1);
        await().until(() -> released() == 5);
        answerAll();
        assertThat(released()).isEqualTo(10);
    }

    @Test
    void shouldReleaseRangesOnceWhenThePeerBreaksOff(@TempDir Path directory) throws IOException {
        Path file = Files.write(directory.resolve("file"), new byte[4 << 20]);
        try (FileChannel channel = FileChannel.open(file)) {
            open(
                    config().sendBufferBytes(1 << 16),
                    (frame, exchange) -> exchange.reply(answer(List.of(new FramePart.FileRange(channel, 0, 4 << 20)))));
            for (int round = 0; round < 10; round++) {
                Peer peer = Peer.connectWithSmallBuffer(listener.address());
                for (int i = 0; i < 5; i++) {
                    peer.send((byte) 1);
                }
                peer.socket.getInputStream().readNBytes(round * 10_000 + 1);
                peer.reset();
            }
            await().until(() -> listener.connectionCount() == 0);
            await().untilAsserted(() ->
                    assertThat(releases).hasSizeGreaterThanOrEqualTo(10).allMatch(count -> count.get() == 1));
            assertThat(channel.isOpen()).isTrue();
        }
    }

    @Test
    void shouldLetAnswersGoWhenItCloses() throws Exception {
        open(config().sendBufferBytes(1 << 16).drainTimeoutMs(60_000), this::keep);
        try (Peer idle = connect();
                Peer peer = connect()) {
            peer.send((byte) 1);
            awaitPending(1);
            Thread closer = new Thread(listener::close);
            closer.start();
            assertThat(idle.isClosed()).isTrue();
            pending.remove().exchange().reply(answer(new byte[20 << 20]));
            assertThat(peer.receive()).hasSize(20 << 20);
            assertThat(peer.isClosed()).isTrue();
            closer.join();
        }
        assertThat(CapturedLog.linesWith("before all was answered")).isEmpty();
    }

    @Test
    void shouldCloseInTimeWhenAnAnswerDoesNotCome() throws IOException {
        open(config().drainTimeoutMs(100), this::keep);
        try (Peer peer = connect()) {
            peer.send((byte) 1);
            awaitPending(1);
            listener.close();
            assertThat(peer.isClosed()).isTrue();
        }
        assertThat(CapturedLog.linesWith("before all was answered")).hasSize(1);
    }
}
