// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.JsonNode;

class QuorumStatusTest {

    private static final Duration ELECTION = Duration.ofSeconds(60);

    @Test
    void shouldFollowAnEnsembleThroughTheLossOfItsMembers(@TempDir Path directory) throws Exception {
        try (ApacheEnsemble ensemble = ApacheEnsemble.start(directory, 3)) {
            final String servers = ensemble.addresses();
            await().atMost(ELECTION).until(() -> inState("leader", servers) == 1 && inState("follower", servers) == 2);
            assertThat(CommandRun.of("tree", "-server", servers, "create", "/a").exitCode())
                    .isZero();

            final CommandRun text = CommandRun.of("quorum", "status", "-server", servers);
            final JsonNode json = CommandRun.of(
                            "quorum", "status", "--config", ensemble.file(1).toString(), "-o", "json")
                    .json();

            assertThat(text.exitCode()).isZero();
            assertThat(text.err()).isEmpty();
            assertThat(text.out().lines()).hasSize(4).first().asString().startsWith("member ");
            assertThat(text.out()).containsOnlyOnce(" leader ").contains(" follower ", " 3.9.5");
            assertThat(json.at("/serves").asBoolean()).isTrue();
            assertThat(json.at("/voters").asInt()).isEqualTo(3);
            assertThat(json.at("/serving").asInt()).isEqualTo(3);
            assertThat(json.at("/members/2/id").asInt()).isEqualTo(3);
            assertThat(json.at("/members/2/address").asString()).isEqualTo(ensemble.address(3));
            assertThat(json.at("/members").valueStream().map(member -> member.get("epoch")
                            .asInt()))
                    .containsOnly(1);
            assertThat(json.at("/members").valueStream().map(member -> member.get("lag")
                            .asInt()))
                    .allMatch(lag -> lag >= 0);

            final int leader = leader(ensemble);
            ensemble.close(leader);
            await().atMost(ELECTION).until(() -> inState("leader", servers) == 1 && inState("follower", servers) == 1);
            final CommandRun without = CommandRun.of("quorum", "status", "-server", servers);
            assertThat(without.exitCode()).isZero();
            assertThat(without.out().lines().filter(line -> line.startsWith(ensemble.address(leader))))
                    .hasSize(1)
                    .first()
                    .asString()
                    .contains(" unreachable ")
                    .endsWith("connection refused");
            assertThat(CommandRun.of("tree", "-server", servers, "ls", "/").out())
                    .isEqualTo("[a, zookeeper]\n");

            final int second = leader(ensemble);
            ensemble.close(second);
            await().atMost(ELECTION).until(() -> inState("not serving", servers) == 1);
            final CommandRun one = CommandRun.of("quorum", "status", "-server", servers);
            assertThat(one.exitCode()).isEqualTo(1);
            assertThat(one.err())
                    .hasLineCount(1)
                    .startsWith("varve: no leader among those asked: 0 of 3 voters serve, 2 are needed; ")
                    .contains(ensemble.address(leader) + " is unreachable (connection refused)", " is not serving");
        }
    }

    @Test
    void shouldBeContentWithAServerAlone(@TempDir Path directory) throws Exception {
        try (ApacheZooKeeper server = ApacheZooKeeper.start(directory)) {
            final CommandRun run = CommandRun.of("quorum", "status", "-server", server.address(), "-o", "json");

            assertThat(run.exitCode()).isZero();
            assertThat(run.json().at("/members/0/state").asString()).isEqualTo("standalone");
            assertThat(run.json().at("/voters").asInt()).isEqualTo(1);
            assertThat(run.json().get("leader").isNull()).isTrue();
            assertThat(run.json().at("/members/0/nodes").asInt()).isGreaterThanOrEqualTo(4);
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "leader                    | ''",
                "leader follower           | ''",
                "leader follower observer  | ''",
                "follower follower         | no leader among those asked: 2 of 2 voters serve, 2 are needed; name all"
                        + " members with -server or --config",
                "leader leader follower    | more than one leader: 10.0.0.1:1, 10.0.0.2:2 are; ask again, since all but"
                        + " one will step down when they hear no majority",
                "standalone standalone     | not one quorum: 10.0.0.1:1, 10.0.0.2:2 are standalone; a member must have"
                        + " the server.N lines of all",
                "standalone leader         | not one quorum: 10.0.0.1:1 is standalone; a member must have the server.N"
                        + " lines of all",
                "observer                  | no leader among those asked: 0 of 0 voters serve, 1 is needed; name all"
                        + " members with -server or --config",
                "leader down down          | no majority among those asked: 1 of 3 voters serves, 2 are needed;"
                        + " 10.0.0.2:2 is not serving, 10.0.0.3:3 is not serving",
                "leader follower down down | no majority among those asked: 2 of 4 voters serve, 3 are needed;"
                        + " 10.0.0.3:3 is not serving, 10.0.0.4:4 is not serving",
            })
    void shouldSayWhyAQuorumDoesNotServe(String modes, String problem) {
        final String[] mode = modes.split(" ");

        final QuorumStatus status = new QuorumStatus(IntStream.range(0, mode.length)
                .mapToObj(i -> QuorumMemberStatus.of(member(i + 1), srvr(mode[i]), ""))
                .toList());

        assertThat(status.problem()).isEqualTo(problem);
    }

    @Test
    void shouldBelieveALeaderThatKnowsOfMoreVotersThanWereAsked() {
        final QuorumStatus status = new QuorumStatus(
                List.of(QuorumMemberStatus.of(member(1), srvr("leader"), "zk_version\t3.9.5\nzk_quorum_size\t3\n")));

        assertThat(status.voters()).isEqualTo(3);
        assertThat(status.problem())
                .isEqualTo("no majority among those asked: 1 of 3 voters serves, 2 are needed; name all members with"
                        + " -server or --config");
    }

    private static QuorumMember member(int id) {
        return new QuorumMember(null, new ServerAddress("10.0.0." + id, id), false);
    }

    private static String srvr(String mode) {
        return mode.equals("down")
                ? "This ZooKeeper instance is not currently serving requests\n"
                : "Zookeeper version: 3.9.5\nZxid: 0x100000002\nMode: " + mode + "\nNode count: 5\n";
    }

    private static int leader(ApacheEnsemble ensemble) {
        final JsonNode json = CommandRun.of("quorum", "status", "-server", ensemble.addresses(), "-o", "json")
                .json();
        return IntStream.rangeClosed(1, 3)
                .filter(id -> ensemble.address(id).equals(json.get("leader").asString()))
                .findFirst()
                .orElseThrow();
    }

    private static long inState(String state, String servers) {
        return CommandRun.of("quorum", "status", "-server", servers, "-o", "json")
                .json()
                .at("/members")
                .valueStream()
                .filter(member -> member.get("state").asString().equals(state))
                .count();
    }
}
