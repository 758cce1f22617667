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
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.net.Socket;
import java.net.SocketException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Queue;
import java.util.Random;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BiConsumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A listener under real sockets. */
class NettyListenerTest {

    private final EventLoops loops = EventLoops.open(2);
    private final Queue<Pending> pending = new ConcurrentLinkedQueue<>();
    private final AtomicInteger closed = new AtomicInteger();
    private final AtomicInteger released = new AtomicInteger();
    private NettyListener listener;

    private record Pending(byte[] frame, Exchange exchange) {}

    @BeforeAll
    static void detectLeaks() {
        ResourceLeakDetector.setLevel(ResourceLeakDetector.Level.PARANOID);
    }

    @AfterEach
    void close() {
        pending.forEach(waiting -> waiting.exchange().done());
        listener.close();
        loops.close();
    }

    @Test
    void shouldEcho() throws IOException {
        open(config().build(), this::echo);
        try (Socket socket = connect()) {
            for (int size : new int[] {1, 100, 64 * 1024, 300_000, 5_000_000}) {
                byte[] frame = new byte[size];
                new Random(size).nextBytes(frame);
                send(socket, frame);
                assertThat(receive(socket)).isEqualTo(frame);
            }
        }
        await().until(() -> closed.get() == 1);
        assertThat(listener.inFlightBytes()).isZero();
    }

    @Test
    void shouldAcceptAFrameByteByByte() throws IOException {
        open(config().build(), this::echo);
        try (Socket socket = connect()) {
            for (byte b : new byte[] {0, 0, 0, 3, 7, 8, 9}) {
                socket.getOutputStream().write(b);
                socket.getOutputStream().flush();
            }
            assertThat(receive(socket)).containsExactly(7, 8, 9);
        }
    }

    @Test
    void shouldAnswerInTheOrderOfTheRequests() throws IOException {
        open(config().maxInFlightPerConnection(50).build(), this::keep);
        try (Socket socket = connect()) {
            for (int round = 0; round < 20; round++) {
                for (int i = 0; i < 50; i++) {
                    send(socket, new byte[] {(byte) i});
                }
                await().until(() -> pending.size() == 50);
                List<Pending> shuffled = new ArrayList<>(pending);
                pending.clear();
                Collections.shuffle(shuffled, new Random(round));
                Thread other = new Thread(() -> shuffled.subList(0, 25).forEach(this::answer));
                other.start();
                shuffled.subList(25, 50).forEach(this::answer);
                for (int i = 0; i < 50; i++) {
                    assertThat(receive(socket)).containsExactly(i);
                }
            }
        }
    }

    @Test
    void shouldPassOverAnExchangeWithoutAnAnswer() throws IOException {
        open(config().build(), (frame, exchange) -> {
            if (frame[0] == 0) {
                exchange.done();
            } else {
                echo(frame, exchange);
            }
        });
        try (Socket socket = connect()) {
            send(socket, new byte[] {0});
            send(socket, new byte[] {1});
            assertThat(receive(socket)).containsExactly(1);
        }
    }

    @Test
    void shouldStopReadingAtTheLimitOfAConnection() throws IOException {
        open(config().maxInFlightPerConnection(3).build(), this::keep);
        try (Socket socket = connect()) {
            for (int i = 0; i < 20; i++) {
                send(socket, new byte[] {(byte) i});
            }
            for (int i = 0; i < 20; i++) {
                int expected = Math.min(3, 20 - i);
                await().until(() -> pending.size() == expected);
                Pending first = pending.poll();
                assertThat(first.frame()).containsExactly(i);
                answer(first);
                assertThat(receive(socket)).containsExactly(i);
            }
        }
    }

    @Test
    void shouldStopReadingEverywhereAtTheLimitOfBytes() throws IOException {
        open(config().maxInFlightBytes(1000).build(), this::keep);
        try (Socket first = connect();
                Socket second = connect()) {
            send(first, new byte[1000]);
            await().until(() -> pending.size() == 1);
            send(second, new byte[10]);
            send(first, new byte[10]);
            assertThat(listener.inFlightBytes()).isEqualTo(1000);
            answer(pending.poll());
            await().until(() -> pending.size() == 2);
            pending.forEach(this::answer);
            pending.clear();
            assertThat(receive(second)).hasSize(10);
        }
    }

    @Test
    void shouldStopReadingAtTheLimitOfBytesOfAConnection() throws IOException {
        open(config().maxInFlightBytesPerConnection(1000).build(), this::keep);
        try (Socket first = connect();
                Socket second = connect()) {
            send(first, new byte[1000]);
            await().until(() -> pending.size() == 1);
            send(first, new byte[10]);
            send(second, new byte[20]);
            await().until(() -> pending.size() == 2);
            assertThat(pending).extracting(waiting -> waiting.frame().length).containsExactly(1000, 20);
            answer(pending.poll());
            await().until(() -> pending.size() == 2);
        }
    }

    @Test
    void shouldStopReadingEverywhereAtTheLimitOfFrames() throws IOException {
        open(config().maxInFlight(2).build(), this::keep);
        try (Socket first = connect();
                Socket second = connect()) {
            send(first, new byte[] {1});
            await().until(() -> pending.size() == 1);
            send(second, new byte[] {2});
            await().until(() -> pending.size() == 2);
            send(first, new byte[] {3});
            send(second, new byte[] {4});
            answer(pending.poll());
            assertThat(receive(first)).containsExactly(1);
            await().until(() -> pending.size() == 2);
            pending.forEach(this::answer);
            pending.clear();
            assertThat(receive(second)).containsExactly(2);
        }
    }

    /** Nobody is forgotten: with fewer places than connections, everybody is answered in the end, and the limit holds. */
    @Test
    void shouldServeEverybodyUnderATightLimit() throws Exception {
        ExecutorService workers = Executors.newFixedThreadPool(3);
        AtomicInteger open = new AtomicInteger();
        AtomicInteger mostOpen = new AtomicInteger();
        open(config().maxInFlight(3).build(), (frame, exchange) -> {
            mostOpen.accumulateAndGet(open.incrementAndGet(), Math::max);
            workers.execute(() -> {
                open.decrementAndGet();
                echo(frame, exchange);
            });
        });
        List<Socket> sockets = new ArrayList<>();
        try {
            for (int i = 0; i < 12; i++) {
                sockets.add(connect());
            }
            for (int round = 0; round < 200; round++) {
                for (Socket socket : sockets) {
                    send(socket, new byte[] {(byte) round, 1});
                    send(socket, new byte[] {(byte) round, 2});
                }
                for (Socket socket : sockets) {
                    assertThat(receive(socket)).containsExactly(round, 1);
                    assertThat(receive(socket)).containsExactly(round, 2);
                }
            }
            assertThat(mostOpen.get()).isLessThanOrEqualTo(3);
        } finally {
            for (Socket socket : sockets) {
                socket.close();
            }
            workers.shutdown();
        }
    }

    @Test
    void shouldNotReadAPeerThatDoesNotReadItsAnswers() throws IOException {
        AtomicInteger handled = new AtomicInteger();
        open(config().maxInFlightPerConnection(4).sendBufferBytes(1 << 16).build(), (frame, exchange) -> {
            handled.incrementAndGet();
            exchange.reply(frame(new byte[1 << 20]));
        });
        try (Socket socket = connect()) {
            for (int i = 0; i < 30; i++) {
                send(socket, new byte[] {1});
            }
            await().until(() -> handled.get() >= 4);
            assertThat(handled.get()).isLessThan(30);
            for (int i = 0; i < 30; i++) {
                assertThat(receive(socket)).hasSize(1 << 20);
            }
            assertThat(handled).hasValue(30);
        }
        await().until(() -> released.get() == 30);
    }

    @Test
    void shouldSendRangesOfAFile(@TempDir Path directory) throws IOException {
        byte[] contents = new byte[3_000_000];
        new Random(1).nextBytes(contents);
        Path file = Files.write(directory.resolve("file"), contents);
        try (FileChannel channel = FileChannel.open(file)) {
            open(config().build(), (frame, exchange) -> {
                List<FramePart> parts = List.of(
                        new FramePart.Bytes(ByteBuffer.wrap(new byte[] {1, 2})),
                        new FramePart.FileRange(channel, 1000, 2_000_000),
                        new FramePart.Bytes(ByteBuffer.wrap(new byte[] {3})),
                        new FramePart.FileRange(channel, 0, 10));
                exchange.reply(new OutFrame(parts, released::incrementAndGet));
            });
            try (Socket socket = connect()) {
                for (int i = 0; i < 5; i++) {
                    send(socket, new byte[] {1});
                    byte[] answer = receive(socket);
                    assertThat(answer).hasSize(2_000_013).startsWith(1, 2);
                    assertThat(Arrays.copyOfRange(answer, 2, 2_000_002))
                            .isEqualTo(Arrays.copyOfRange(contents, 1000, 2_001_000));
                    assertThat(Arrays.copyOfRange(answer, 2_000_003, 2_000_013)).isEqualTo(Arrays.copyOf(contents, 10));
                }
            }
            await().until(() -> released.get() == 5);
            assertThat(channel.isOpen()).isTrue();
        }
    }

    @Test
    void shouldReleaseAnswersThatCanNoLongerBeSent() throws IOException {
        open(config().build(), this::keep);
        try (Socket socket = connect()) {
            for (int i = 0; i < 10; i++) {
                send(socket, new byte[] {1});
            }
            await().until(() -> pending.size() == 10);
            pending.stream().skip(5).forEach(this::answer);
        }
        await().until(() -> closed.get() == 1);
        pending.stream().limit(5).forEach(this::answer);
        pending.clear();
        await().until(() -> released.get() == 10);
        assertThat(listener.inFlightBytes()).isZero();
    }

    @Test
    void shouldCloseOnALengthThatCannotBe() throws IOException {
        open(config().maxFrameBytes(1000).build(), this::echo);
        for (int length : new int[] {0, -1, Integer.MIN_VALUE, 1001, Integer.MAX_VALUE, 0x16030100, 0x47455420}) {
            try (Socket socket = connect()) {
                new DataOutputStream(socket.getOutputStream()).writeInt(length);
                assertThat(isClosed(socket)).isTrue();
            }
        }
        assertThat(Preamble.hint(0x16030100)).contains("TLS");
        assertThat(Preamble.hint(0x47455420)).contains("HTTP");
        assertThat(Preamble.hint(1001)).isEmpty();
    }

    @Test
    void shouldNotPayForLengthsThatAreAnnounced() throws IOException {
        open(config().maxFrameBytes(1 << 30).build(), this::echo);
        List<Socket> announcers = new ArrayList<>();
        for (int i = 0; i < 60; i++) {
            Socket socket = connect();
            announcers.add(socket);
            DataOutputStream out = new DataOutputStream(socket.getOutputStream());
            out.writeInt(1 << 30);
            out.write(new byte[100]);
        }
        try (Socket good = connect()) {
            send(good, new byte[] {1});
            assertThat(receive(good)).containsExactly(1);
        }
        for (Socket socket : announcers) {
            socket.close();
        }
        await().until(() -> listener.connectionCount() == 0);
    }

    @Test
    void shouldCloseWhenTheHandlerSaysSoOrFails() throws IOException {
        open(config().build(), (frame, exchange) -> {
            if (frame[0] == 0) {
                throw new IllegalStateException("cannot handle this");
            }
            exchange.disconnect("enough");
        });
        for (byte kind = 0; kind < 2; kind++) {
            try (Socket socket = connect()) {
                send(socket, new byte[] {kind});
                assertThat(isClosed(socket)).isTrue();
            }
        }
        await().until(() -> closed.get() == 2);
    }

    @Test
    void shouldLimitConnections() throws IOException {
        open(config().maxConnections(2).build(), this::echo);
        Socket first = connect();
        Socket second = connect();
        send(first, new byte[] {1});
        send(second, new byte[] {2});
        receive(first);
        receive(second);
        try (Socket third = connect()) {
            assertThat(isClosed(third)).isTrue();
        }
        first.close();
        await().until(() -> listener.connectionCount() == 1);
        try (Socket fourth = connect()) {
            send(fourth, new byte[] {4});
            assertThat(receive(fourth)).containsExactly(4);
        }
        second.close();
    }

    @Test
    void shouldCloseIdleConnectionsButNotThoseThatWait() throws IOException {
        open(config().idleTimeoutMs(1500).build(), this::keep);
        try (Socket waiting = connect();
                Socket idle = connect()) {
            send(waiting, new byte[] {1});
            assertThat(isClosed(idle)).isTrue();
            await().until(() -> pending.size() == 1);
            answer(pending.poll());
            assertThat(receive(waiting)).containsExactly(1);
            assertThat(isClosed(waiting)).isTrue();
        }
    }

    @Test
    void shouldLetAnswersGoWhenItCloses() throws Exception {
        open(config().build(), this::keep);
        try (Socket socket = connect()) {
            send(socket, new byte[] {1});
            await().until(() -> pending.size() == 1);
            Thread closer = new Thread(listener::close);
            closer.start();
            answer(pending.poll());
            assertThat(receive(socket)).containsExactly(1);
            closer.join();
            assertThat(isClosed(socket)).isTrue();
        }
    }

    private static ListenerConfig.Builder config() {
        return ListenerConfig.at("127.0.0.1", 0);
    }

    private void open(ListenerConfig config, BiConsumer<byte[], Exchange> onFrame) {
        ConnectionAcceptor acceptor = (Connection connection) -> new ConnectionHandler() {
            @Override
            public void onFrame(ByteBuffer frame, Exchange exchange) {
                byte[] bytes = new byte[frame.remaining()];
                frame.get(bytes);
                onFrame.accept(bytes, exchange);
            }

            @Override
            public void onClosed() {
                closed.incrementAndGet();
            }
        };
        listener = NettyListener.open(config, loops, acceptor);
    }

    private void echo(byte[] frame, Exchange exchange) {
        exchange.reply(frame(frame));
    }

    private void keep(byte[] frame, Exchange exchange) {
        pending.add(new Pending(frame, exchange));
    }

    private void answer(Pending waiting) {
        waiting.exchange().reply(frame(waiting.frame()));
    }

    private OutFrame frame(byte[] bytes) {
        return new OutFrame(List.of(new FramePart.Bytes(ByteBuffer.wrap(bytes))), released::incrementAndGet);
    }

    private Socket connect() throws IOException {
        Socket socket = new Socket("127.0.0.1", listener.address().getPort());
        socket.setSoTimeout(30_000);
        return socket;
    }

    private static void send(Socket socket, byte[] frame) throws IOException {
        byte[] bytes = ByteBuffer.allocate(4 + frame.length)
                .putInt(frame.length)
                .put(frame)
                .array();
        socket.getOutputStream().write(bytes);
    }

    private static byte[] receive(Socket socket) throws IOException {
        DataInputStream in = new DataInputStream(socket.getInputStream());
        byte[] frame = new byte[in.readInt()];
        in.readFully(frame);
        return frame;
    }

    private static boolean isClosed(Socket socket) throws IOException {
        try {
            return socket.getInputStream().read() < 0;
        } catch (SocketException e) {
            return true;
        }
    }
}
