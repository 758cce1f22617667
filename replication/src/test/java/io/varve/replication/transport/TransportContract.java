// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.replication.transport;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Queue;
import java.util.Random;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What every transport does. */
public abstract class TransportContract {

    protected static final int MAX_FRAME_BYTES = 200_000;
    protected static final int MAX_UNSENT_BYTES = 50_000;
    protected static final int MAX_IN_FLIGHT = 10;

    private static final InetSocketAddress ANY = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);

    private final Queue<End> ends = new ConcurrentLinkedQueue<>();
    private final BlockingQueue<End> accepted = new LinkedBlockingQueue<>();
    private Transport transport;
    private Listener listener;

    /** A transport with the limits above for both ends of a connection. */
    protected abstract Transport open();

    /** The transport is closed, and its connections are. */
    protected abstract void closed();

    @BeforeEach
    void openTransport() {
        Awaitility.setDefaultPollInterval(Duration.ofMillis(2));
        Awaitility.setDefaultPollDelay(Duration.ZERO);
        transport = open();
    }

    @AfterEach
    void closeTransport() {
        ends.forEach(end -> end.held.forEach(Exchange::done));
        transport.close();
        for (End end : ends) {
            end.awaitClosed();
            assertThat(end.closes).hasValue(1);
        }
        closed();
    }

    private void listen(End.FrameUse use) {
        listener = transport.listen(ANY, connection -> {
            End end = end(connection, use);
            accepted.add(end);
            return end;
        });
    }

    private End end(Connection connection, End.FrameUse use) {
        End end = new End(connection, use);
        ends.add(end);
        return end;
    }

    private static void ignore(byte[] frame, Exchange exchange) {
        exchange.done();
    }

    private End connect() throws InterruptedException {
        BlockingQueue<Object> outcome = begin(listener.address());
        Object opened = outcome.poll(30, TimeUnit.SECONDS);
        assertThat(opened).isInstanceOf(End.class);
        return (End) opened;
    }

    /** Begins to connect; what comes of it is an end, or a reason. */
    private BlockingQueue<Object> begin(InetSocketAddress address) {
        BlockingQueue<Object> outcome = new LinkedBlockingQueue<>();
        ConnectionAcceptor acceptor = connection -> {
            End end = end(connection, TransportContract::ignore);
            outcome.add(end);
            return end;
        };
        transport.connect(address, acceptor, outcome::add);
        return outcome;
    }

    private End accept() throws InterruptedException {
        End end = accepted.poll(30, TimeUnit.SECONDS);
        assertThat(end).isNotNull();
        return end;
    }

    @Test
    void shouldConnect() throws Exception {
        listen(TransportContract::ignore);
        End made = connect();
        End taken = accept();
        assertThat(made.connection.remote()).isEqualTo(listener.address());
        assertThat(taken.connection.local()).isEqualTo(listener.address());
        assertThat(taken.connection.remote()).isEqualTo(made.connection.local());
        End later = connect();
        assertThat(later.connection.id()).isGreaterThan(made.connection.id());
    }

    @Test
    void shouldConnectToAName() throws Exception {
        listen(TransportContract::ignore);
        int port = listener.address().getPort();
        InetSocketAddress name = InetSocketAddress.createUnresolved("localhost", port);
        assertThat(begin(name).poll(30, TimeUnit.SECONDS)).isInstanceOf(End.class);
    }

    @Test
    void shouldSayOnceThatNobodyListens() throws Exception {
        listen(TransportContract::ignore);
        listener.close();
        BlockingQueue<Object> outcome = begin(listener.address());
        assertThat(outcome.poll(30, TimeUnit.SECONDS)).asString().isNotEmpty();
        transport.close();
        assertThat(outcome).isEmpty();
        assertThat(ends).isEmpty();
    }

    @Test
    void shouldSayThatANameIsUnknown() throws Exception {
        BlockingQueue<Object> outcome = begin(InetSocketAddress.createUnresolved("nobody.invalid", 1));
        assertThat(outcome.poll(30, TimeUnit.SECONDS)).isInstanceOf(String.class);
    }

    @Test
    void shouldNotConnectWhenClosed() throws Exception {
        listen(TransportContract::ignore);
        transport.close();
        BlockingQueue<Object> outcome = begin(listener.address());
        assertThat(outcome.poll(30, TimeUnit.SECONDS)).isInstanceOf(String.class);
        assertThat(outcome).isEmpty();
    }

    @Test
    void shouldCarryFramesOfEverySize() throws Exception {
        listen(TransportContract::ignore);
        End made = connect();
        End taken = accept();
        for (int size : new int[] {1, 2, 4, 8188, 8192, 65_536, MAX_FRAME_BYTES - 1, MAX_FRAME_BYTES}) {
            byte[] bytes = bytes(size);
            made.sendPatiently(bytes);
            taken.sendPatiently(bytes);
            assertThat(taken.receive()).isEqualTo(bytes);
            assertThat(made.receive()).isEqualTo(bytes);
        }
        made.assertReleased();
        taken.assertReleased();
    }

    @Test
    void shouldRefuseAnEmptyFrame() throws Exception {
        listen(TransportContract::ignore);
        End made = connect();
        End taken = accept();
        AtomicInteger released = new AtomicInteger();
        OutFrame empty = new OutFrame(List.of(), released::incrementAndGet);
        assertThatThrownBy(() -> made.connection.send(empty)).isInstanceOf(IllegalArgumentException.class);
        assertThat(released).hasValue(0);
        assertThat(made.send((byte) 7)).isEqualTo(SendResult.SENT);
        assertThat(taken.receive()).containsExactly(7);
    }

    @Test
    void shouldCloseOnAFrameThatIsTooLarge() throws Exception {
        listen(TransportContract::ignore);
        End made = connect();
        End taken = accept();
        made.sendPatiently(bytes(MAX_FRAME_BYTES + 1));
        assertThat(taken.awaitClosed())
                .contains("length=" + (MAX_FRAME_BYTES + 1))
                .contains("largest=" + MAX_FRAME_BYTES);
        made.awaitClosed();
        made.assertReleased();
        assertThat(taken.received).isEmpty();
    }

    @Test
    void shouldSendARangeOfAFile(@TempDir Path directory) throws Exception {
        byte[] contents = bytes(150_000);
        Path file = Files.write(directory.resolve("file"), contents);
        listen(TransportContract::ignore);
        End made = connect();
        End taken = accept();
        try (FileChannel channel = FileChannel.open(file)) {
            for (int i = 0; i < 10; i++) {
                OutFrame frame = made.frame(List.of(
                        new FramePart.Bytes(ByteBuffer.wrap(new byte[] {(byte) i})),
                        new FramePart.FileRange(channel, 100, 140_000)));
                assertThat(made.connection.send(frame)).isEqualTo(SendResult.SENT);
                byte[] received = taken.receive();
                assertThat(received[0]).isEqualTo((byte) i);
                assertThat(Arrays.copyOfRange(received, 1, received.length))
                        .isEqualTo(Arrays.copyOfRange(contents, 100, 140_100));
            }
            made.assertReleased();
            assertThat(channel.isOpen()).isTrue();
        }
    }

    @Test
    void shouldKeepTheOrderInBothDirectionsAtOnce() throws Exception {
        int count = 20_000;
        listen(TransportContract::ignore);
        End made = connect();
        End taken = accept();
        ExecutorService senders = Executors.newFixedThreadPool(2);
        try {
            for (End end : List.of(made, taken)) {
                senders.execute(() -> {
                    for (int i = 0; i < count; i++) {
                        end.sendPatiently(numbered(i, i % 100 == 0 ? 10_000 : 4 + i % 50));
                    }
                });
            }
            for (int i = 0; i < count; i++) {
                assertThat(ByteBuffer.wrap(taken.receive()).getInt()).isEqualTo(i);
                assertThat(ByteBuffer.wrap(made.receive()).getInt()).isEqualTo(i);
            }
        } finally {
            senders.shutdown();
        }
        made.assertReleased();
        taken.assertReleased();
    }

    @Test
    void shouldSendBetweenAnswers() throws Exception {
        ExecutorService worker = Executors.newSingleThreadExecutor();
        BlockingQueue<Exchange> exchanges = new LinkedBlockingQueue<>();
        listen((frame, exchange) -> exchanges.add(exchange));
        try {
            End made = connect();
            End taken = accept();
            worker.execute(() -> {
                for (int i = 0; i < 2_000; i++) {
                    answer(taken, exchanges, 2 * i);
                    if (i % 3 == 0) {
                        taken.sendPatiently(numbered(2 * i + 1, 4));
                    }
                }
            });
            for (int i = 0; i < 2_000; i++) {
                made.sendPatiently((byte) 1);
            }
            for (int i = 0; i < 2_000; i++) {
                assertThat(ByteBuffer.wrap(made.receive()).getInt()).isEqualTo(2 * i);
                if (i % 3 == 0) {
                    assertThat(ByteBuffer.wrap(made.receive()).getInt()).isEqualTo(2 * i + 1);
                }
            }
            taken.assertReleased();
        } finally {
            worker.shutdown();
        }
    }

    private static void answer(End end, BlockingQueue<Exchange> exchanges, int number) {
        try {
            exchanges.take().reply(end.frame(numbered(number, 4)));
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    @Test
    void shouldOvertakeAnswersThatWaitForOthers() throws Exception {
        BlockingQueue<Exchange> exchanges = new LinkedBlockingQueue<>();
        listen((frame, exchange) -> exchanges.add(exchange));
        End made = connect();
        End taken = accept();
        made.sendPatiently((byte) 1);
        made.sendPatiently((byte) 2);
        Exchange first = exchanges.take();
        Exchange second = exchanges.take();
        second.reply(taken.frame((byte) 2));
        taken.send((byte) 3);
        assertThat(made.receive()).containsExactly(3);
        first.reply(taken.frame((byte) 1));
        assertThat(made.receive()).containsExactly(1);
        assertThat(made.receive()).containsExactly(2);
    }

    @Test
    void shouldHoldLittleForAPeerThatDoesNotRead() throws Exception {
        CountDownLatch reads = new CountDownLatch(1);
        Queue<Exchange> held = new ConcurrentLinkedQueue<>();
        listen((frame, exchange) -> {
            if (reads.getCount() > 0) {
                held.add(exchange);
            } else {
                exchange.done();
            }
        });
        End made = connect();
        End taken = accept();
        int frameBytes = 10_000;
        int sent = 0;
        OutFrame refused = null;
        while (refused == null) {
            OutFrame frame = made.frame(numbered(sent, frameBytes));
            SendResult result = made.connection.send(frame);
            assertThat(made.unreleasedBytes.get()).isLessThanOrEqualTo(MAX_UNSENT_BYTES + 2 * frameBytes);
            if (result == SendResult.SENT) {
                sent++;
            } else if (taken.received.size() == MAX_IN_FLIGHT && isStuck(made, frame)) {
                refused = frame;
            } else {
                frame.onReleased().run();
            }
        }
        assertThat(taken.received).hasSize(MAX_IN_FLIGHT);
        reads.countDown();
        held.forEach(Exchange::done);
        assertThat(made.awaitSendable()).isTrue();
        made.sendPatiently(numbered(sent, frameBytes));
        for (int i = 0; i <= sent; i++) {
            assertThat(ByteBuffer.wrap(taken.receive()).getInt()).isEqualTo(i);
        }
        refused.onReleased().run();
        made.assertReleased();
    }

    /** Nothing goes out for a while: what the peer's system takes without being read is full too. */
    private static boolean isStuck(End end, OutFrame frame) throws InterruptedException {
        int before = end.unreleasedBytes.get();
        Thread.sleep(100);
        return end.unreleasedBytes.get() == before && before >= MAX_UNSENT_BYTES;
    }

    @Test
    void shouldNotStopReadingWhileItIsBackPressured() throws Exception {
        listen((frame, exchange) -> exchange.done());
        End made = connect();
        End taken = accept();
        int count = 2_000;
        Thread other = new Thread(() -> {
            for (int i = 0; i < count; i++) {
                taken.sendPatiently(numbered(i, 20_000));
            }
        });
        other.start();
        for (int i = 0; i < count; i++) {
            made.sendPatiently(numbered(i, 20_000));
        }
        for (int i = 0; i < count; i++) {
            assertThat(ByteBuffer.wrap(taken.receive()).getInt()).isEqualTo(i);
            assertThat(ByteBuffer.wrap(made.receive()).getInt()).isEqualTo(i);
        }
        other.join();
    }

    @Test
    void shouldTellBothEndsOnceThatOneHasClosed() throws Exception {
        listen(TransportContract::ignore);
        for (boolean fromHere : new boolean[] {true, false}) {
            End made = connect();
            End taken = accept();
            End closer = fromHere ? made : taken;
            closer.connection.close("enough");
            closer.connection.close("more than enough");
            assertThat(closer.awaitClosed()).isEqualTo("enough");
            assertThat((fromHere ? taken : made).awaitClosed()).isNotEmpty();
            for (End end : List.of(made, taken)) {
                OutFrame frame = end.frame((byte) 1);
                assertThat(end.connection.send(frame)).isEqualTo(SendResult.CLOSED);
                assertThat(end.unreleasedBytes).hasValue(1);
                assertThat(end.closes).hasValue(1);
            }
        }
    }

    @Test
    void shouldSendAllBeforeItFinishes() throws Exception {
        listen(TransportContract::ignore);
        End made = connect();
        End taken = accept();
        int sent = 0;
        while (taken.send(numbered(sent, 5_000)) == SendResult.SENT) {
            sent++;
        }
        taken.connection.finish("all is said");
        assertThat(taken.send((byte) 1)).isEqualTo(SendResult.CLOSED);
        for (int i = 0; i < sent; i++) {
            assertThat(ByteBuffer.wrap(made.receive()).getInt()).isEqualTo(i);
        }
        made.awaitClosed();
        assertThat(taken.awaitClosed()).isEqualTo("all is said");
    }

    @Test
    void shouldDropOpenExchangesWhenItFinishes() throws Exception {
        BlockingQueue<Exchange> exchanges = new LinkedBlockingQueue<>();
        listen((frame, exchange) -> exchanges.add(exchange));
        End made = connect();
        End taken = accept();
        for (byte i = 0; i < 3; i++) {
            made.sendPatiently(i);
        }
        List<Exchange> open = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
            open.add(exchanges.take());
        }
        open.get(0).reply(taken.frame((byte) 10));
        open.get(2).reply(taken.frame((byte) 12));
        taken.connection.finish("all is said");
        assertThat(made.receive()).containsExactly(10);
        made.awaitClosed();
        taken.awaitClosed();
        open.get(1).reply(taken.frame((byte) 11));
        taken.assertReleased();
        assertThat(made.received).isEmpty();
    }

    @Test
    void shouldReleaseOnceWhateverHappens() throws Exception {
        BlockingQueue<Exchange> exchanges = new LinkedBlockingQueue<>();
        listen((frame, exchange) -> exchanges.add(exchange));
        for (int round = 0; round < 30; round++) {
            End made = connect();
            End taken = accept();
            for (int i = 0; i < MAX_IN_FLIGHT; i++) {
                made.sendPatiently(numbered(i, 100));
            }
            Thread closer = new Thread(() -> made.connection.close("enough"));
            Thread answerer = new Thread(() -> {
                for (Exchange exchange = exchanges.poll(); exchange != null; exchange = exchanges.poll()) {
                    exchange.reply(taken.frame(bytes(1_000)));
                }
            });
            closer.start();
            answerer.start();
            while (sendOrRelease(taken, round) != SendResult.CLOSED) {
                Thread.onSpinWait();
            }
            closer.join();
            answerer.join();
            taken.awaitClosed();
            for (Exchange exchange = exchanges.poll(); exchange != null; exchange = exchanges.poll()) {
                exchange.reply(taken.frame(bytes(1_000)));
            }
            made.assertReleased();
            taken.assertReleased();
        }
    }

    private static SendResult sendOrRelease(End end, int number) {
        OutFrame frame = end.frame(numbered(number, 1_000));
        SendResult result = end.connection.send(frame);
        if (result != SendResult.SENT) {
            frame.onReleased().run();
        }
        return result;
    }

    @Test
    void shouldConnectAgain() throws Exception {
        listen(TransportContract::ignore);
        for (int i = 0; i < 20; i++) {
            End made = connect();
            End taken = accept();
            made.sendPatiently(numbered(i, 4));
            assertThat(ByteBuffer.wrap(taken.receive()).getInt()).isEqualTo(i);
            (i % 2 == 0 ? made : taken).connection.close("round " + i);
            made.awaitClosed();
            taken.awaitClosed();
        }
    }

    @Test
    void shouldCloseConnectionsWithTheListener() throws Exception {
        listen(TransportContract::ignore);
        End made = connect();
        accept();
        listener.close();
        made.awaitClosed();
    }

    @Test
    void shouldCloseWhenTheHandlerFails() throws Exception {
        listen((frame, exchange) -> {
            throw new IllegalStateException("cannot handle this");
        });
        End made = connect();
        End taken = accept();
        made.sendPatiently((byte) 1);
        assertThat(taken.awaitClosed()).contains("cannot handle this");
        made.awaitClosed();
    }

    @Test
    void shouldCloseWhenTheAcceptorFails() throws Exception {
        listener = transport.listen(ANY, connection -> {
            throw new IllegalStateException("cannot accept this");
        });
        BlockingQueue<Object> outcome = begin(listener.address());
        Object end = outcome.poll(30, TimeUnit.SECONDS);
        if (end instanceof End opened) {
            opened.awaitClosed();
        }
        assertThat(end).isNotNull();
    }

    @Test
    void shouldSendFromWithinTheAcceptor() throws Exception {
        listener = transport.listen(ANY, connection -> {
            End end = end(connection, TransportContract::ignore);
            assertThat(end.send((byte) 42)).isEqualTo(SendResult.SENT);
            return end;
        });
        assertThat(connect().receive()).containsExactly(42);
    }

    protected static byte[] bytes(int size) {
        byte[] bytes = new byte[size];
        new Random(size).nextBytes(bytes);
        return bytes;
    }

    private static byte[] numbered(int number, int size) {
        return ByteBuffer.allocate(size).putInt(number).array();
    }
}
