// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.target;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(value = 60, unit = TimeUnit.SECONDS)
class RelayTest {

    /** Long enough for bytes that are carried; too long to wait for those that are not only where it must be. */
    private static final int SILENCE_MS = 100;

    private final Way there = new Way();
    private final Way back = new Way();
    private ServerSocket server;
    private Relay relay;
    private Socket client;
    private Socket accepted;

    @BeforeEach
    void connect() throws IOException {
        server = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
        relay = new Relay(
                new InetSocketAddress(InetAddress.getLoopbackAddress(), 0),
                (InetSocketAddress) server.getLocalSocketAddress(),
                there,
                back);
        client = new Socket(InetAddress.getLoopbackAddress(), relay.port());
        accepted = server.accept();
    }

    @AfterEach
    void close() throws IOException {
        relay.close();
        client.close();
        accepted.close();
        server.close();
    }

    private static void send(Socket from, int value) throws IOException {
        from.getOutputStream().write(value);
    }

    private static int receive(Socket to) throws IOException {
        to.setSoTimeout(0);
        return to.getInputStream().read();
    }

    private static void assertSilence(Socket to) throws IOException {
        to.setSoTimeout(SILENCE_MS);
        assertThatThrownBy(() -> to.getInputStream().read()).isInstanceOf(SocketTimeoutException.class);
    }

    @Test
    void shouldCarryBothWays() throws IOException {
        send(client, 1);
        send(accepted, 2);

        assertThat(receive(accepted)).isEqualTo(1);
        assertThat(receive(client)).isEqualTo(2);
    }

    @Test
    void shouldHoldWhatIsSentOverAWayThatIsCut() throws IOException {
        there.cut();
        send(client, 1);
        send(accepted, 2);

        assertSilence(accepted);
        assertThat(receive(client)).as("the other way").isEqualTo(2);
        there.heal();

        assertThat(receive(accepted)).isEqualTo(1);
    }

    @Test
    void shouldHoldANewConnection() throws IOException {
        there.cut();
        try (Socket second = new Socket(InetAddress.getLoopbackAddress(), relay.port())) {
            send(second, 3);
            assertThatNobodyConnects();
            there.heal();
            try (Socket late = server.accept()) {
                send(second, 4);

                assertThat(receive(late)).isEqualTo(3);
                assertThat(receive(late)).isEqualTo(4);
            }
        }
    }

    @Test
    void shouldNotMakeAConnectionThatWasGivenUp() throws IOException {
        there.cut();
        Socket second = new Socket(InetAddress.getLoopbackAddress(), relay.port());
        send(second, 3);
        assertThatNobodyConnects();

        second.close();
        there.heal();

        assertThatNobodyConnects();
    }

    private void assertThatNobodyConnects() throws IOException {
        server.setSoTimeout(SILENCE_MS);
        assertThatThrownBy(server::accept).isInstanceOf(SocketTimeoutException.class);
        server.setSoTimeout(0);
    }

    @Test
    void shouldTellOfAnEndOnlyWhenTheNewsGetsThere() throws IOException {
        back.cut();
        accepted.close();

        assertSilence(client);
        back.heal();

        assertThat(receive(client)).isEqualTo(-1);
    }

    @Test
    void shouldEndAConnectionToWhereNobodyListens() throws IOException {
        server.close();
        try (Socket second = new Socket(InetAddress.getLoopbackAddress(), relay.port())) {
            assertThat(receive(second)).isEqualTo(-1);
        }
    }
}
