// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.replication.transport;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import javax.security.auth.x500.X500Principal;
import org.junit.jupiter.api.Test;

/** Whom a frame is given to, and when a link is made. */
class PeerLinksTest {

    private static final long MS = 1_000_000;
    private static final InetSocketAddress FIRST = InetSocketAddress.createUnresolved("first", 1);
    private static final InetSocketAddress SECOND = InetSocketAddress.createUnresolved("second", 2);

    private final FakeTransport transport = new FakeTransport();
    private final PeerLinks links =
            new PeerLinks(transport, connection -> new Nothing(), Duration.ofMillis(100), Duration.ofMillis(1000));
    private long connections;

    @Test
    void shouldConnectWhenSomethingIsSent() {
        links.locate(2, List.of(FIRST));
        assertThat(transport.attempts).isEmpty();

        assertThat(send(2, 0)).isEqualTo(SendResult.CLOSED);
        assertThat(send(2, 1)).isEqualTo(SendResult.CLOSED);
        FakeConnection link = transport.only().open();

        assertThat(send(2, 2)).isEqualTo(SendResult.SENT);
        assertThat(link.sent).isEqualTo(1);
        assertThat(transport.attempts).hasSize(1);
    }

    @Test
    void shouldConnectToNobodyWithoutAnAddress() {
        links.locate(2, List.of());
        assertThat(send(2, 0)).isEqualTo(SendResult.CLOSED);
        assertThat(send(3, 0)).isEqualTo(SendResult.CLOSED);
        assertThat(transport.attempts).isEmpty();
    }

    @Test
    void shouldWaitLongerAfterEveryAttemptUpToABound() {
        links.locate(2, List.of(FIRST));
        List<Long> attemptedMs = new ArrayList<>();
        for (long ms = 0; ms < 5_000; ms += 10) {
            int before = transport.attempts.size();
            send(2, ms);
            if (transport.attempts.size() > before) {
                attemptedMs.add(ms);
                transport.last().onFailed.accept("nobody listens");
            }
        }
        assertThat(attemptedMs).containsExactly(0L, 100L, 300L, 700L, 1500L, 2500L, 3500L, 4500L);
        assertThat(links.failure(2)).contains("nobody listens");
    }

    @Test
    void shouldBeginAnewAfterALinkThatHasLasted() {
        links.locate(2, List.of(FIRST));
        for (long ms : new long[] {0, 100, 300}) {
            send(2, ms);
            transport.last().onFailed.accept("nobody listens");
        }
        send(2, 700);
        FakeConnection link = transport.last().open();
        link.isClosed = true;
        send(2, 1_400);
        assertThat(transport.attempts).as("the link has not lasted").hasSize(4);
        send(2, 1_500);
        transport.last().open();
        assertThat(send(2, 1_501)).isEqualTo(SendResult.SENT);

        transport.last().opened.isClosed = true;
        send(2, 3_000);
        assertThat(transport.attempts).hasSize(6);
        transport.last().onFailed.accept("nobody listens");
        send(2, 3_099);
        assertThat(transport.attempts).hasSize(6);
        send(2, 3_100);
        assertThat(transport.attempts).hasSize(7);
        assertThat(links.failure(2)).isEmpty();
    }

    @Test
    void shouldTryTheAddressesInTurn() {
        links.locate(2, List.of(FIRST, SECOND));
        for (long ms = 0; ms < 10_000; ms += 1_000) {
            send(2, ms);
            transport.last().onFailed.accept("nobody listens");
        }
        assertThat(transport.attempts.subList(0, 4))
                .extracting(attempt -> attempt.remote)
                .containsExactly(FIRST, SECOND, FIRST, SECOND);
    }

    @Test
    void shouldSendToTheNewestLinkAndFallBack() {
        links.locate(2, List.of(FIRST));
        send(2, 0);
        FakeConnection made = transport.only().open();
        FakeConnection taken = new FakeConnection();
        links.identify(2, taken);

        assertThat(send(2, 1)).isEqualTo(SendResult.SENT);
        assertThat(taken.sent).isEqualTo(1);
        assertThat(made.closeReason).isNull();

        taken.isClosed = true;
        assertThat(send(2, 2)).isEqualTo(SendResult.SENT);
        assertThat(made.sent).isEqualTo(1);
        assertThat(transport.attempts).hasSize(1);
    }

    @Test
    void shouldNotGoToAnotherLinkWhenOneIsFull() {
        links.locate(2, List.of(FIRST));
        send(2, 0);
        FakeConnection made = transport.only().open();
        FakeConnection taken = new FakeConnection();
        taken.isFull = true;
        links.identify(2, taken);

        assertThat(send(2, 1)).isEqualTo(SendResult.BACK_PRESSURED);
        assertThat(made.sent).isZero();
    }

    @Test
    void shouldCloseALinkWhenThePeerMakesANewerOne() {
        FakeConnection older = new FakeConnection();
        FakeConnection newer = new FakeConnection();
        links.identify(2, older);
        links.identify(2, older);
        assertThat(older.closeReason).isNull();
        links.identify(2, newer);
        assertThat(older.closeReason).contains("newer");

        links.identify(2, older);
        assertThat(send(2, 0)).isEqualTo(SendResult.SENT);
        assertThat(newer.sent).isEqualTo(1);
        assertThat(newer.closeReason).isNull();
    }

    @Test
    void shouldBelieveThePeerAndNotTheAddress() {
        links.locate(2, List.of(FIRST));
        send(2, 0);
        FakeConnection link = transport.only().open();

        links.identify(3, link);

        assertThat(send(3, 1)).isEqualTo(SendResult.SENT);
        assertThat(send(2, 2)).isEqualTo(SendResult.CLOSED);
        assertThat(link.sent).isEqualTo(1);
    }

    @Test
    void shouldDropLinksAndMakeNewOnes() {
        links.locate(2, List.of(FIRST));
        send(2, 0);
        FakeConnection made = transport.only().open();
        FakeConnection taken = new FakeConnection();
        links.identify(2, taken);

        links.drop(2, "silent");
        assertThat(made.closeReason).isEqualTo("silent");
        assertThat(taken.closeReason).isEqualTo("silent");

        assertThat(send(2, 200)).isEqualTo(SendResult.CLOSED);
        transport.last().open();
        assertThat(send(2, 201)).isEqualTo(SendResult.SENT);
    }

    @Test
    void shouldCloseWhatOpensAfterThePeerWasRemoved() {
        links.locate(2, List.of(FIRST));
        send(2, 0);
        links.remove(2, "left the group");

        assertThat(transport.only().open().closeReason).isEqualTo("left the group");
        assertThat(send(2, 10_000)).isEqualTo(SendResult.CLOSED);
        assertThat(transport.attempts).hasSize(1);
    }

    @Test
    void shouldTryAgainWhenTheAcceptorHasFailed() {
        PeerLinks failing = new PeerLinks(
                transport,
                connection -> {
                    throw new IllegalStateException("cannot handle this");
                },
                Duration.ofMillis(100),
                Duration.ofMillis(100));
        failing.locate(2, List.of(FIRST));
        failing.send(2, OutFrame.of(List.of()), 0);
        assertThatThrownBy(() -> transport.only().open()).isInstanceOf(IllegalStateException.class);
        failing.send(2, OutFrame.of(List.of()), 100 * MS);
        assertThat(transport.attempts).hasSize(2);
    }

    @Test
    void shouldCloseAll() {
        links.locate(2, List.of(FIRST));
        send(2, 0);
        FakeConnection made = transport.only().open();
        FakeConnection taken = new FakeConnection();
        links.identify(3, taken);
        links.close();
        assertThat(made.closeReason).isNotNull();
        assertThat(taken.closeReason).isNotNull();
        assertThat(send(2, 10_000)).isEqualTo(SendResult.CLOSED);
    }

    @Test
    void shouldRefuseDelaysThatCannotBe() {
        for (Duration first : List.of(Duration.ZERO, Duration.ofMillis(-1), Duration.ofMillis(101))) {
            assertThatThrownBy(
                            () -> new PeerLinks(transport, connection -> new Nothing(), first, Duration.ofMillis(100)))
                    .isInstanceOf(IllegalArgumentException.class);
        }
    }

    private SendResult send(int peer, long nowMs) {
        return links.send(peer, OutFrame.of(List.of()), nowMs * MS);
    }

    private static final class Nothing implements ConnectionHandler {
        @Override
        public void onFrame(ByteBuffer frame, Exchange exchange) {
            exchange.done();
        }

        @Override
        public void onClosed(String reason) {}
    }

    /** Keeps the attempts, which the test lets succeed or fail. */
    private final class FakeTransport implements Transport {

        private final List<Attempt> attempts = new ArrayList<>();

        private final class Attempt {
            private final InetSocketAddress remote;
            private final ConnectionAcceptor acceptor;
            private final Consumer<String> onFailed;
            private FakeConnection opened;

            Attempt(InetSocketAddress remote, ConnectionAcceptor acceptor, Consumer<String> onFailed) {
                this.remote = remote;
                this.acceptor = acceptor;
                this.onFailed = onFailed;
            }

            FakeConnection open() {
                opened = new FakeConnection();
                acceptor.onOpened(opened);
                return opened;
            }
        }

        Attempt only() {
            assertThat(attempts).hasSize(1);
            return attempts.get(0);
        }

        Attempt last() {
            return attempts.get(attempts.size() - 1);
        }

        @Override
        public Listener listen(InetSocketAddress local, ConnectionAcceptor acceptor) {
            throw new UnsupportedOperationException();
        }

        @Override
        public void connect(InetSocketAddress remote, ConnectionAcceptor acceptor, Consumer<String> onFailed) {
            attempts.add(new Attempt(remote, acceptor, onFailed));
        }

        @Override
        public void close() {}
    }

    private final class FakeConnection implements Connection {

        private final long id = ++connections;
        private boolean isClosed;
        private boolean isFull;
        private int sent;
        private String closeReason;

        @Override
        public long id() {
            return id;
        }

        @Override
        public InetSocketAddress remote() {
            return FIRST;
        }

        @Override
        public InetSocketAddress local() {
            return SECOND;
        }

        @Override
        public Optional<X500Principal> peerPrincipal() {
            return Optional.empty();
        }

        @Override
        public SendResult send(OutFrame frame) {
            if (isClosed) {
                return SendResult.CLOSED;
            }
            if (isFull) {
                return SendResult.BACK_PRESSURED;
            }
            sent++;
            return SendResult.SENT;
        }

        @Override
        public void finish(String reason) {
            close(reason);
        }

        @Override
        public void close(String reason) {
            isClosed = true;
            closeReason = reason;
        }
    }
}
