// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.varve.broker.cli.QuorumMemberStatus.State;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class QuorumMemberStatusTest {

    private static final String FOLLOWER =
            """
            Zookeeper version: 3.9.5-6e1f1a4e3a1ff4eb2d2a4b7ef4f8d6a7c4a0b1c2, built on 2026-01-02 03:04 UTC
            Latency min/avg/max: 0/0.5/12
            Received: 7
            Sent: 6
            Connections: 3
            Outstanding: 0
            Zxid: 0x200000005
            Mode: follower
            Node count: 42
            """;

    @Test
    void shouldReadWhatAMemberSays() {
        final QuorumMemberStatus status = of(FOLLOWER);

        assertThat(status.state()).isEqualTo(State.FOLLOWER);
        assertThat(status.zxid()).isEqualTo(0x2_0000_0005L);
        assertThat(status.epoch()).isEqualTo(2);
        assertThat(status.connections()).isEqualTo(3);
        assertThat(status.latency()).isEqualTo("0/0.5/12");
        assertThat(status.nodes()).isEqualTo(42);
        assertThat(status.version()).isEqualTo("3.9.5");
    }

    @ParameterizedTest
    @CsvSource({"0x200000009, 4", "0x200000005, 0", "0x200000001, 0", "0x300000001, -1"})
    void shouldCountHowFarItIsBehind(String zxidOfLeader, long lag) {
        final QuorumMemberStatus leader =
                of(FOLLOWER.replace("0x200000005", zxidOfLeader).replace("follower", "leader"));

        assertThat(of(FOLLOWER).lag(leader)).isEqualTo(lag);
    }

    @Test
    void shouldTakeTheEpochThatAMemberSaysRatherThanTheUpperHalfOfItsZxid() {
        final String follower = FOLLOWER.replace("0x200000005", "0x5") + "Epoch: 7\n";
        final QuorumMemberStatus leader = of(follower.replace("0x5", "0x9").replace("Epoch: 7", "Epoch: 8"));

        assertThat(of(follower).epoch()).isEqualTo(7);
        assertThat(of(follower).lag(leader)).isEqualTo(4);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "This ZooKeeper instance is not currently serving requests | NOT_SERVING",
                "srvr is not executed because it is not in the whitelist. | UNKNOWN",
                "SSH-2.0-OpenSSH | UNKNOWN",
                "Mode: read-only | READ_ONLY",
                "Mode: observer | OBSERVER",
                "Mode: unheard of | UNKNOWN",
                "'' | UNKNOWN",
            })
    void shouldTellTheStates(String srvr, State state) {
        assertThat(of(srvr).state()).isEqualTo(state);
        assertThat(of(srvr).note().isEmpty()).isEqualTo(state != State.UNKNOWN);
    }

    @Test
    void shouldSayOfANumberThatIsMissingThatItIsNotKnown() {
        final QuorumMemberStatus status = of("Mode: follower\nZxid: ?\n");

        assertThat(status.zxid()).isEqualTo(-1);
        assertThat(status.epoch()).isEqualTo(-1);
        assertThat(status.lag(of(FOLLOWER))).isEqualTo(-1);
        assertThat(status.nodes()).isEqualTo(-1);
        assertThat(status.version()).isEmpty();
    }

    @Test
    void shouldGiveUpOnAMemberThatKeepsSilent() throws Exception {
        try (ServerSocket silent = new ServerSocket(0, 10, InetAddress.getByName("127.0.0.1"))) {
            final QuorumMemberStatus status = QuorumMemberStatus.ask(
                    new QuorumMember(null, new ServerAddress("127.0.0.1", silent.getLocalPort()), false), 300);

            assertThat(status.state()).isEqualTo(State.UNREACHABLE);
            assertThat(status.note()).isEqualTo("no answer within 300 ms");
        }
    }

    @Test
    void shouldReadAnAnswerThatComesInPieces() throws Exception {
        try (ServerSocket server = new ServerSocket(0, 10, InetAddress.getByName("127.0.0.1"))) {
            final CompletableFuture<String> asked = CompletableFuture.supplyAsync(() -> answer(server));

            final String answer =
                    FourLetterWord.ask(new ServerAddress("127.0.0.1", server.getLocalPort()), "mntr", 30_000);

            assertThat(asked.get()).isEqualTo("mntr");
            assertThat(answer).hasSize(50_000).endsWith("0123456789");
        }
    }

    private static String answer(ServerSocket server) {
        try (Socket socket = server.accept()) {
            final String asked = new String(socket.getInputStream().readNBytes(4), UTF_8);
            for (int i = 0; i < 5_000; i++) {
                socket.getOutputStream().write("0123456789".getBytes(UTF_8));
            }
            return asked;
        } catch (java.io.IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }

    private static QuorumMemberStatus of(String srvr) {
        return QuorumMemberStatus.of(new QuorumMember(1, new ServerAddress("localhost", 2181), false), srvr, "");
    }
}
