// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.coordination.zookeeper;

import static org.assertj.core.api.Assertions.assertThat;

import io.varve.coordination.tree.MemberStatus;
import io.varve.coordination.tree.TreeCommand;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.apache.zookeeper.ZooDefs.Ids;
import org.apache.zookeeper.proto.CreateRequest;
import org.apache.zookeeper.proto.GetDataRequest;
import org.apache.zookeeper.server.admin.Commands;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class AdminCommandsTest {

    private static final byte[] DATA = {1, 2, 3};

    /** Trace masks, snapshots over HTTP and system properties; see AdminCommands. */
    private static final Set<String> NOT_OURS = Set.of(
            "get_trace_mask",
            "set_trace_mask",
            "snapshot",
            "restore",
            "system_properties",
            "observer_connection_stat_reset");

    private final FakeReplica replica = FakeReplica.immediate();
    private final ZooKeeperFrontEnd frontEnd = TestClient.frontEnd(replica);

    @Test
    void shouldHaveTheCommandsThatApacheHas() {
        final Set<String> expected = new TreeSet<>(Commands.getPrimaryNames());
        expected.removeAll(NOT_OURS);

        assertThat(frontEnd.commandNames()).containsExactlyElementsOf(expected);
    }

    /** Each command gives at least the keys that Apache's gives, where it is about the same thing; whether it fails is the same, too. */
    @Test
    void shouldGiveTheKeysThatApacheGives(@TempDir Path directory) throws Exception {
        try (ApacheServer theirs = new ApacheServer(directory, "")) {
            for (String name : List.of(
                    "connection_stat_reset",
                    "connections",
                    "dirs",
                    "dump",
                    "hash",
                    "initial_configuration",
                    "is_read_only",
                    "last_snapshot",
                    "leader",
                    "observers",
                    "ruok",
                    "server_stats",
                    "stats",
                    "stat_reset",
                    "voting_view",
                    "watches",
                    "watches_by_path",
                    "watch_summary",
                    "zabstate")) {
                final Map<String, Object> expected = Commands.runGetCommand(name, theirs.server(), Map.of(), null, null)
                        .toMap();

                final Map<String, Object> own = frontEnd.runCommand(name);

                assertThat(own.keySet()).as(name).containsAll(expected.keySet());
                assertThat(own.get("command")).isEqualTo(expected.get("command"));
                assertThat(own.get("error") == null).as(name).isEqualTo(expected.get("error") == null);
            }
        }
    }

    @Test
    void shouldSayThatItDoesNotKnow() {
        assertThat(frontEnd.runCommand("nothing"))
                .containsEntry("command", "nothing")
                .containsEntry("error", "Unknown command: nothing")
                .hasSize(2);
    }

    @Test
    void shouldKnowShortNames() {
        assertThat(frontEnd.runCommand("mntr"))
                .containsEntry("command", "monitor")
                .containsKey("znode_count");
        assertThat(frontEnd.runCommand("conf"))
                .containsEntry("command", "configuration")
                .containsEntry("client_port", 2181)
                .containsEntry("tick_time", 2000);
        assertThat(frontEnd.runCommand("envi")).containsEntry("java.version", "17");
    }

    @Test
    @SuppressWarnings("unchecked")
    void shouldTellOfConnectionsSessionsAndWatches() {
        final TestClient client = new TestClient(frontEnd);
        final long session = client.open().getSessionId();
        client.call(ErrorCode.OK, OpCode.CREATE, new CreateRequest("/e", DATA, Ids.OPEN_ACL_UNSAFE, 1));
        client.call(ErrorCode.OK, OpCode.GET_DATA, new GetDataRequest("/e", true));

        final var connections =
                (List<Map<String, Object>>) frontEnd.runCommand("cons").get("connections");

        assertThat(connections).hasSize(1);
        assertThat(connections.get(0))
                .containsEntry("remote_socket_address", "127.0.0.1:40000")
                .containsEntry("session_id", session)
                .containsEntry("session_timeout", 10_000)
                .containsEntry("last_operation", "GETD")
                .containsEntry("packets_received", 3L);
        assertThat(frontEnd.runCommand("dump"))
                .containsEntry("session_id_to_ephemeral_paths", Map.of(session, Set.of("/e")));
        assertThat(frontEnd.runCommand("wchc"))
                .containsEntry("session_id_to_watched_paths", Map.of(session, Set.of("/e")));
        assertThat(frontEnd.runCommand("wchp")).containsEntry("path_to_session_ids", Map.of("/e", Set.of(session)));
        assertThat(frontEnd.runCommand("wchs"))
                .containsEntry("num_connections", 1)
                .containsEntry("num_paths", 1)
                .containsEntry("num_total_watches", 1);
    }

    @Test
    void shouldTellOfTheQuorum() {
        replica.become(MemberStatus.Role.LEADER);
        replica.applyNow(new TreeCommand.SetConfig(
                ("server.1=[::1]:2888:3888:participant;0.0.0.0:2181\nserver.2=b:2888:3888|c:2889:3889:participant\n"
                                + "server.3=d:2888:3888:observer\nversion=4")
                        .getBytes()));

        assertThat(frontEnd.runCommand("voting_view"))
                .containsEntry(
                        "current_config",
                        Map.of(
                                "1",
                                Map.of(
                                        "server_addresses",
                                        List.of("[::1]:2888"),
                                        "election_addresses",
                                        List.of("[::1]:3888"),
                                        "client_address",
                                        "0.0.0.0:2181",
                                        "learner_type",
                                        "participant"),
                                "2",
                                Map.of(
                                        "server_addresses",
                                        List.of("b:2888", "c:2889"),
                                        "election_addresses",
                                        List.of("b:3888", "c:3889"),
                                        "client_address",
                                        "",
                                        "learner_type",
                                        "participant")));
        assertThat(frontEnd.runCommand("leader"))
                .containsEntry("is_leader", true)
                .containsEntry("leader_id", 1)
                .containsEntry("leader_ip", "[::1]");
        assertThat(frontEnd.runCommand("zabstate"))
                .containsEntry("zabstate", "broadcast")
                .containsEntry("zab_epoch", 7)
                .containsEntry("myid", 1);
    }

    @Test
    void shouldSayThatItServesNobody() {
        replica.serve(false);

        assertThat(frontEnd.runCommand("server_stats"))
                .containsEntry("error", "This ZooKeeper instance is not currently serving requests");
        assertThat(frontEnd.runCommand("monitor")).containsEntry("error", null);
    }
}
