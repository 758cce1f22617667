// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.transport.netty;

import static io.varve.transport.netty.Certificates.PASSWORD;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.varve.replication.transport.Connection;
import io.varve.replication.transport.ConnectionAcceptor;
import io.varve.replication.transport.ConnectionHandler;
import io.varve.replication.transport.Exchange;
import io.varve.replication.transport.SendResult;
import io.varve.transport.netty.TlsConfig.ClientAuthentication;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLSocket;
import javax.security.auth.x500.X500Principal;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Who is let in, who is believed, and what is said about those who are not. */
class TlsTest extends Listening {

    private static final X500Principal CLIENT = new X500Principal("CN=client, O=Varve");

    private static Certificates certificates;
    private static Path server;
    private static Path elsewhere;
    private static Path client;
    private static Path stranger;
    private static Path impostor;
    private static Path trust;

    private NettyTransport transport;

    @BeforeAll
    static void makeKeys() {
        if (certificates != null) {
            return; // for another interface to the system
        }
        certificates = new Certificates("tls");
        server = certificates.keyStore("server", "RSA", "dns:localhost,ip:127.0.0.1");
        elsewhere = certificates.keyStore("elsewhere", "EC", "dns:elsewhere.example");
        client = certificates.keyStore("client", "EC", "dns:client.example");
        stranger = certificates.keyStore("stranger", "EC", "dns:localhost,ip:127.0.0.1");
        impostor = new Certificates("impostor").keyStore("client", "EC", "dns:client.example");
        trust = certificates.trustStore("trust.p12", "PKCS12", server, elsewhere, client);
    }

    @AfterEach
    void closeTransport() {
        if (transport != null) {
            transport.close();
        }
    }

    private static TlsConfig.Builder tls() {
        return TlsConfig.builder().trustStore(trust, PASSWORD);
    }

    private static TlsConfig.Builder tls(Path keyStore) {
        return tls().keyStore(keyStore, PASSWORD);
    }

    private void listen(TlsConfig.Builder tls) {
        open(config().tls(tls.build()), this::echo);
    }

    /** Connects, to {@code localhost}; the outcome is an echo of one byte, or the reason why there is none. */
    private String connect(TlsConfig.Builder tls) throws Exception {
        return connect(ConnectorConfig.builder().tls(tls.build()), "localhost");
    }

    private String connect(ConnectorConfig.Builder config, String host) throws Exception {
        CompletableFuture<String> outcome = new CompletableFuture<>();
        if (transport != null) {
            transport.close();
        }
        transport = NettyTransport.open(loops, config().build(), config.build());
        ConnectionAcceptor acceptor = connection -> {
            assertThat(connection.send(answer(new byte[] {7}))).isEqualTo(SendResult.SENT);
            return new Once(connection, outcome);
        };
        int port = listener.address().getPort();
        transport.connect(InetSocketAddress.createUnresolved(host, port), acceptor, outcome::complete);
        return outcome.get(30, TimeUnit.SECONDS);
    }

    private record Once(Connection connection, CompletableFuture<String> outcome) implements ConnectionHandler {
        @Override
        public void onFrame(ByteBuffer frame, Exchange exchange) {
            outcome.complete("echo " + frame.get(frame.position()));
            exchange.done();
        }

        @Override
        public void onClosed(String reason) {
            outcome.complete("closed: " + reason);
        }
    }

    @Test
    void shouldConnectToAServerThatIsTrusted() throws Exception {
        listen(tls(server));
        assertThat(connect(tls())).isEqualTo("echo 7");
        assertThat(latest.peerPrincipal()).isEmpty();
        assertThat(connect(ConnectorConfig.builder().tls(tls().build()), "127.0.0.1"))
                .isEqualTo("echo 7");
    }

    @Test
    void shouldAcceptAClientOfThePlatform() throws Exception {
        listen(tls(server));
        try (Peer peer = connect();
                SSLSocket socket = certificates.socket(trust, peer.socket)) {
            socket.startHandshake();
            assertThat(socket.getSession().getProtocol()).isEqualTo("TLSv1.3");
            for (int size : new int[] {1, 16_384, 1_000_000}) {
                socket.getOutputStream().write(Peer.framed(new byte[size]));
                assertThat(socket.getInputStream().readNBytes(4 + size)).hasSize(4 + size);
            }
        }
        await().until(() -> closed.get() == 1);
    }

    @Test
    void shouldKnowAClientThatHasToShowWhoItIs() throws Exception {
        listen(tls(server).clientAuthentication(ClientAuthentication.NEED));
        assertThat(connect(tls(client))).isEqualTo("echo 7");
        assertThat(latest.peerPrincipal()).contains(CLIENT);
    }

    @Test
    void shouldTurnAwayAClientThatDoesNotShowWhoItIs() throws Exception {
        listen(tls(server).clientAuthentication(ClientAuthentication.NEED));
        // With TLS 1.3 a client believes itself connected before the server has looked at what it showed.
        assertThat(connect(tls())).doesNotStartWith("echo");
        assertThat(connect(tls(stranger))).doesNotStartWith("echo");
        assertThat(connect(tls(impostor))).doesNotStartWith("echo");
        assertThat(connect(tls(stranger).protocols(List.of("TLSv1.2")))).startsWith("TLS handshake failed");
        await().until(() -> CapturedLog.linesWith("Connection not opened").size() == 4);
        assertThat(opened).hasValue(0);
    }

    @Test
    void shouldLetAClientChooseWhereItIsOnlyAsked() throws Exception {
        listen(tls(server).clientAuthentication(ClientAuthentication.WANT));
        assertThat(connect(tls())).isEqualTo("echo 7");
        assertThat(latest.peerPrincipal()).isEmpty();
        assertThat(connect(tls(client))).isEqualTo("echo 7");
        assertThat(latest.peerPrincipal()).contains(CLIENT);
        assertThat(connect(tls(stranger)))
                .as("shows nothing, as it is not asked for what it has")
                .isEqualTo("echo 7");
        assertThat(latest.peerPrincipal()).isEmpty();
        assertThat(connect(tls(impostor))).doesNotStartWith("echo");
        await().until(() -> CapturedLog.linesWith("Connection not opened").size() == 1);
    }

    @Test
    void shouldKnowTheServer() throws Exception {
        listen(tls(server));
        CompletableFuture<X500Principal> principal = new CompletableFuture<>();
        transport = NettyTransport.open(
                loops,
                config().build(),
                ConnectorConfig.builder().tls(tls().build()).build());
        transport.connect(
                listener.address(),
                connection -> {
                    principal.complete(connection.peerPrincipal().orElseThrow());
                    return new Once(connection, new CompletableFuture<>());
                },
                reason -> principal.completeExceptionally(new IOException(reason)));
        assertThat(principal.get(30, TimeUnit.SECONDS)).isEqualTo(new X500Principal("CN=server, O=Varve"));
    }

    @Test
    void shouldNotConnectToAServerThatIsNotTrusted() throws Exception {
        listen(tls(stranger));
        assertThat(connect(tls())).startsWith("TLS handshake failed").contains("certification path");
    }

    @Test
    void shouldNotConnectToAServerOfAnotherNameUnlessTold() throws Exception {
        listen(tls(elsewhere));
        assertThat(connect(tls())).startsWith("TLS handshake failed").contains("localhost");
        assertThat(connect(ConnectorConfig.builder().tls(tls().build()), "127.0.0.1"))
                .startsWith("TLS handshake failed")
                .contains("127.0.0.1");
        assertThat(connect(tls().verifiesHostName(false))).isEqualTo("echo 7");
    }

    @Test
    void shouldNotTrustMoreThanThePlatformDoesByDefault() throws Exception {
        listen(tls(server));
        assertThat(connect(TlsConfig.builder())).startsWith("TLS handshake failed");
    }

    @Test
    void shouldAgreeOnAVersion() throws Exception {
        listen(tls(server).protocols(List.of("TLSv1.2")));
        assertThat(connect(tls())).isEqualTo("echo 7");
        assertThat(connect(tls().protocols(List.of("TLSv1.3")))).doesNotStartWith("echo");
        assertThat(connect(tls().cipherSuites(List.of("TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"))))
                .isEqualTo("echo 7");
    }

    @Test
    void shouldReadStoresOfEveryKind() throws Exception {
        Path jks = certificates.jks(server, "of the key");
        Path trustJks = certificates.trustStore("trust.jks", "JKS", server);
        listen(TlsConfig.builder().keyStore(jks, PASSWORD).keyPassword("of the key"));
        assertThat(connect(TlsConfig.builder().trustStore(trustJks, PASSWORD))).isEqualTo("echo 7");
        Path trustPem = certificates.trustPem(client, server);
        assertThat(connect(TlsConfig.builder().trustStore(trustPem, ""))).isEqualTo("echo 7");
    }

    @Test
    void shouldReadKeysAsText() throws Exception {
        listen(TlsConfig.builder()
                .keyStore(certificates.encryptedPem(server), PASSWORD)
                .trustStore(certificates.trustPem(client), "")
                .clientAuthentication(ClientAuthentication.NEED));
        assertThat(connect(tls().keyStore(certificates.pem(client), ""))).isEqualTo("echo 7");
        assertThat(latest.peerPrincipal()).contains(CLIENT);
    }

    @Test
    void shouldSayWhatIsWrongWithAFile(@TempDir Path directory) throws Exception {
        open(config(), this::echo);
        Path garbage = Files.writeString(directory.resolve("garbage"), "this is not a key");
        Path empty = certificates.trustStore("empty.p12", "PKCS12");
        assertBad(tls(directory.resolve("nowhere")), "nowhere");
        assertBad(tls(garbage), "garbage");
        assertBad(TlsConfig.builder().keyStore(server, "wrong"), "server.p12");
        assertBad(tls(certificates.jks(server, "of the key")), "server.p12.jks");
        assertBad(TlsConfig.builder().keyStore(certificates.encryptedPem(server), "wrong"), "encrypted.pem");
        assertBad(tls(trust), "there is no key in it");
        assertBad(TlsConfig.builder().keyStore(server, PASSWORD).trustStore(empty, PASSWORD), "empty.p12");
        assertBad(TlsConfig.builder().keyStore(server, PASSWORD).trustStore(garbage, PASSWORD), "garbage");
        assertBad(tls(), "needs a key");
        assertBad(tls(server).protocols(List.of("TLSv1.1")), "TLSv1.1");
        assertBad(tls(server).cipherSuites(List.of("TLS_NOTHING")), "TLS_NOTHING");
        assertThat(tls(server).build().toString()).doesNotContain(PASSWORD);
    }

    private void assertBad(TlsConfig.Builder tls, String message) {
        assertThatThrownBy(() -> NettyListener.open(config().tls(tls.build()).build(), loops, c -> null))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining(message)
                .hasMessageNotContaining(PASSWORD);
    }

    @Test
    void shouldSayThatAPlaintextClientIsNoTls() throws Exception {
        listen(tls(server));
        try (Peer peer = connect()) {
            peer.send("not a handshake".getBytes(StandardCharsets.US_ASCII));
            peer.socket.getInputStream().readAllBytes();
        }
        await().until(() ->
                !CapturedLog.linesWith("is it configured for plaintext?").isEmpty());
        assertThat(opened).hasValue(0);
    }

    @Test
    void shouldNotConnectToAPlaintextServer() throws Exception {
        open(config(), this::echo);
        assertThat(connect(tls())).doesNotStartWith("echo");
        assertThat(CapturedLog.linesWith("looks like a TLS handshake")).hasSize(1);
    }

    @Test
    void shouldNotWaitForEverForAHandshake() throws Exception {
        listen(tls(server).handshakeTimeoutMs(200));
        try (Peer silent = connect()) {
            assertThat(silent.isClosed()).isTrue();
        }
        try (ServerSocket mute = new ServerSocket(0)) {
            ConnectorConfig.Builder config =
                    ConnectorConfig.builder().connectTimeoutMs(200).tls(tls().build());
            CompletableFuture<String> outcome = new CompletableFuture<>();
            transport = NettyTransport.open(loops, config().build(), config.build());
            transport.connect(
                    new InetSocketAddress("127.0.0.1", mute.getLocalPort()),
                    connection -> new Once(connection, outcome),
                    outcome::complete);
            assertThat(outcome.get(30, TimeUnit.SECONDS)).contains("connectTimeoutMs=200");
        }
        assertThat(listener.connectionCount()).isZero();
    }

    @Test
    void shouldNotWaitForHandshakesWhenItCloses() throws Exception {
        open(config().tls(tls(server).build()).drainTimeoutMs(60_000), this::echo);
        try (Peer silent = connect()) {
            await().until(() -> listener.connectionCount() == 1);
            listener.close();
            assertThat(silent.isClosed()).isTrue();
        }
        assertThat(CapturedLog.linesWith("before all was answered")).isEmpty();
    }

    @Test
    void shouldAnswerWordsOverTls() throws Exception {
        open(config().tls(tls(server).build()).words(Set.of("ruok")), this::echo);
        try (Peer peer = connect();
                SSLSocket socket = certificates.socket(trust, peer.socket)) {
            socket.getOutputStream().write("ruok\n".getBytes(StandardCharsets.US_ASCII));
            assertThat(socket.getInputStream().readAllBytes()).asString().isEqualTo("ruok");
        }
    }

    @Test
    void shouldLimitConnectionsThatAreStillShakingHands() throws Exception {
        open(config().tls(tls(server).build()).maxConnections(2), this::echo);
        try (Peer first = connect();
                Peer second = connect()) {
            await().until(() -> listener.connectionCount() == 2);
            try (Peer third = connect()) {
                assertThat(third.isClosed()).isTrue();
            }
            first.send((byte) 1);
            assertThat(first.isClosed()).isTrue();
            second.reset();
            await().until(() -> listener.connectionCount() == 0);
        }
    }
}
