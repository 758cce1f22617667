// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.transport.netty;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.varve.replication.transport.FramePart;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.SSLSocketFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Frames and answers over real sockets, and what is not a frame. */
class NettyListenerTest extends Listening {

    @Test
    void shouldEcho() throws IOException {
        open(config(), this::echo);
        try (Peer peer = connect()) {
            for (int size : new int[] {1, 100, 8187, 8188, 8189, 64 << 10, 65537, 300_000, 1 << 20, 5_000_000}) {
                byte[] frame = bytes(size);
                peer.send(frame);
                assertThat(peer.receive()).isEqualTo(frame);
            }
        }
    }

    @Test
    void shouldAcceptAFrameByteByByte() throws IOException {
        open(config(), this::echo);
        try (Peer peer = connect()) {
            peer.socket.setTcpNoDelay(true);
            for (byte b : new byte[] {0, 0, 0, 3, 7, 8, 9}) {
                peer.sendRaw(b);
            }
            assertThat(peer.receive()).containsExactly(7, 8, 9);
        }
    }

    @Test
    void shouldAcceptPipelinedFramesCutAnywhere() throws IOException {
        open(config().maxInFlightPerConnection(7), this::echo);
        Random random = new Random(3);
        List<byte[]> frames = new ArrayList<>();
        ByteBuffer stream = ByteBuffer.allocate(4 << 20);
        for (int i = 0; i < 200; i++) {
            byte[] frame = bytes(1 + random.nextInt(i % 20 == 0 ? 150_000 : 500));
            frames.add(frame);
            stream.put(Peer.framed(frame));
        }
        try (Peer peer = connect()) {
            Thread sender = new Thread(() -> sendInPieces(peer, stream, random));
            sender.start();
            for (byte[] frame : frames) {
                assertThat(peer.receive()).isEqualTo(frame);
            }
        }
    }

    private static void sendInPieces(Peer peer, ByteBuffer stream, Random random) {
        stream.flip();
        while (stream.hasRemaining()) {
            byte[] piece = new byte[Math.min(stream.remaining(), 1 + random.nextInt(20_000))];
            stream.get(piece);
            try {
                peer.sendRaw(piece);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }

    @Test
    void shouldAnswerInTheOrderOfTheRequests() throws IOException {
        open(config().maxInFlightPerConnection(50), this::keep);
        try (Peer peer = connect()) {
            for (int round = 0; round < 20; round++) {
                for (int i = 0; i < 50; i++) {
                    peer.send((byte) i);
                }
                awaitPending(50);
                List<Pending> shuffled = new ArrayList<>(pending);
                pending.clear();
                Collections.shuffle(shuffled, new Random(round));
                Thread other = new Thread(() -> shuffled.subList(0, 25).forEach(this::answer));
                other.start();
                shuffled.subList(25, 50).forEach(this::answer);
                for (int i = 0; i < 50; i++) {
                    assertThat(peer.receive()).containsExactly(i);
                }
            }
        }
    }

    @Test
    void shouldPassOverAnExchangeWithoutAnAnswer() throws IOException {
        open(config(), (frame, exchange) -> {
            if (frame[0] == 0) {
                exchange.done();
            } else {
                echo(frame, exchange);
            }
        });
        try (Peer peer = connect()) {
            peer.send((byte) 0);
            peer.send((byte) 1);
            assertThat(peer.receive()).containsExactly(1);
        }
    }

    @Test
    void shouldRefuseToCompleteAnExchangeTwice() throws IOException {
        open(config(), this::keep);
        try (Peer peer = connect()) {
            peer.send((byte) 1);
            awaitPending(1);
            Pending waiting = pending.remove();
            answer(waiting);
            assertThatThrownBy(() -> waiting.exchange().done()).isInstanceOf(IllegalStateException.class);
            assertThat(peer.receive()).containsExactly(1);
        }
    }

    @Test
    void shouldSendRangesOfAFile(@TempDir Path directory) throws IOException {
        byte[] contents = bytes(3_000_000);
        Path file = Files.write(directory.resolve("file"), contents);
        try (FileChannel channel = FileChannel.open(file)) {
            open(
                    config(),
                    (frame, exchange) -> exchange.reply(answer(List.of(
                            new FramePart.Bytes(ByteBuffer.wrap(new byte[] {1, 2})),
                            new FramePart.FileRange(channel, 1000, 2_000_000),
                            new FramePart.Bytes(ByteBuffer.wrap(new byte[] {3}).asReadOnlyBuffer()),
                            new FramePart.FileRange(channel, 5, 0),
                            new FramePart.FileRange(channel, 0, 10)))));
            try (Peer peer = connect()) {
                for (int i = 0; i < 5; i++) {
                    peer.send((byte) 1);
                    byte[] answer = peer.receive();
                    assertThat(answer).hasSize(2_000_013).startsWith(1, 2);
                    assertThat(Arrays.copyOfRange(answer, 2, 2_000_002))
                            .isEqualTo(Arrays.copyOfRange(contents, 1000, 2_001_000));
                    assertThat(answer[2_000_002]).isEqualTo((byte) 3);
                    assertThat(Arrays.copyOfRange(answer, 2_000_003, 2_000_013)).isEqualTo(Arrays.copyOf(contents, 10));
                }
            }
            await().until(() -> released() == 5);
            assertThat(channel.isOpen()).isTrue();
        }
    }

    @Test
    void shouldCloseWhenAFileIsShorterThanItsRange(@TempDir Path directory) throws IOException {
        Path file = Files.write(directory.resolve("file"), bytes(100));
        try (FileChannel channel = FileChannel.open(file)) {
            open(
                    config(),
                    (frame, exchange) ->
                            exchange.reply(answer(List.of(new FramePart.FileRange(channel, 0, 1_000_000)))));
            try (Peer peer = connect()) {
                peer.send((byte) 1);
                peer.socket.getInputStream().readNBytes(104);
                assertThat(peer.isClosed()).isTrue();
            }
            await().until(() -> released() == 1);
            assertThat(channel.isOpen()).isTrue();
        }
    }

    @Test
    void shouldCloseOnALengthThatCannotBe() throws IOException {
        open(config().maxFrameBytes(1000), this::echo);
        for (int length : new int[] {0, -1, Integer.MIN_VALUE, 1001, Integer.MAX_VALUE}) {
            try (Peer peer = connect()) {
                peer.sendLength(length);
                assertThat(peer.isClosed()).isTrue();
            }
            assertThat(CapturedLog.linesWith("frame length out of range: length=" + length + ", largest=1000"))
                    .hasSize(1);
        }
    }

    @Test
    void shouldAnswerWhatCameBeforeALengthThatCannotBe() throws IOException {
        open(config().maxFrameBytes(1000), this::keep);
        try (Peer peer = connect()) {
            peer.send((byte) 1);
            peer.sendLength(-1);
            awaitPending(1);
            await().until(() -> !CapturedLog.linesWith("length=-1").isEmpty());
            answerFirst();
            assertThat(peer.receive()).containsExactly(1);
            assertThat(peer.isClosed()).isTrue();
        }
    }

    @Test
    void shouldRecogniseATlsHandshake() throws IOException {
        open(config().maxFrameBytes(Integer.MAX_VALUE), this::echo);
        try (Peer peer = connect();
                SSLSocket tls = (SSLSocket) ((SSLSocketFactory) SSLSocketFactory.getDefault())
                        .createSocket(
                                peer.socket, "localhost", listener.address().getPort(), false)) {
            assertThatThrownBy(tls::startHandshake).isInstanceOf(IOException.class);
        }
        assertThat(CapturedLog.linesWith("looks like a TLS handshake")).hasSize(1);
    }

    @Test
    void shouldRecogniseHttp() throws IOException {
        open(config().maxFrameBytes(Integer.MAX_VALUE), this::echo);
        List<String> verbs = List.of("GET", "POST", "PUT", "HEAD", "DELETE", "OPTIONS", "PATCH", "CONNECT", "PRI");
        for (String verb : verbs) {
            try (Peer peer = connect()) {
                peer.sendRaw((verb + " / HTTP/1.1\r\n\r\n").getBytes(StandardCharsets.US_ASCII));
                assertThat(peer.isClosed()).isTrue();
            }
        }
        assertThat(CapturedLog.linesWith("looks like an HTTP request")).hasSize(verbs.size());
    }

    @Test
    void shouldCloseWhenTheHandlerSaysSoOrFails() throws IOException {
        open(config(), (frame, exchange) -> {
            switch (frame[0]) {
                case 0 -> throw new IllegalStateException("cannot handle this");
                case 1 -> throw new AssertionError("nor this");
                case 2 -> {
                    exchange.done();
                    throw new IllegalStateException("too late");
                }
                default -> exchange.disconnect("enough");
            }
        });
        for (byte how = 0; how < 4; how++) {
            try (Peer peer = connect()) {
                peer.send(how);
                assertThat(peer.isClosed()).isTrue();
            }
        }
        assertThat(CapturedLog.linesWith("reason=enough")).hasSize(1);
        assertThat(CapturedLog.linesWith("reason=handling a frame failed")).hasSize(3);
    }

    @Test
    void shouldAnswerWhatCameBeforeADisconnect() throws IOException {
        open(config(), this::keep);
        try (Peer peer = connect()) {
            for (byte i = 0; i < 3; i++) {
                peer.send(i);
            }
            awaitPending(3);
            List<Pending> waiting = List.copyOf(pending);
            pending.clear();
            answer(waiting.get(2));
            waiting.get(1).exchange().disconnect("enough");
            answer(waiting.get(0));
            assertThat(peer.receive()).containsExactly(0);
            assertThat(peer.isClosed()).isTrue();
        }
    }

    @Test
    void shouldSayWhenItCannotListen() {
        open(config(), this::echo);
        int port = listener.address().getPort();

        try (EventLoops others = EventLoops.open(kind, 1)) {
            assertThatThrownBy(() -> NettyListener.open(
                            ListenerConfig.at("127.0.0.1", port).build(), others, connection -> null))
                    .isInstanceOf(UncheckedIOException.class)
                    .hasMessageContaining(String.valueOf(port));
        }
    }

    private static byte[] bytes(int size) {
        byte[] bytes = new byte[size];
        new Random(size).nextBytes(bytes);
        return bytes;
    }
}
