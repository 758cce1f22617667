// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.metadata;

import static org.assertj.core.api.Assertions.assertThat;

import io.varve.coordination.tree.Node;
import io.varve.coordination.tree.NodeStat;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.Test;

class TreeLayoutTest {

    private static final UUID ID = new UUID(1, 2);

    @Test
    void shouldWriteAStateAsKafkaDid() {
        PartitionState state = PartitionState.first(1, List.of(1, 2), 1);

        assertThat(text(TreeLayout.partitionState(state, 7)))
                .isEqualTo("{\"controller_epoch\":7,\"leader\":1,\"version\":1,\"leader_epoch\":0,\"isr\":[1,2]}");
    }

    @Test
    void shouldReadWhatItWrites() {
        PartitionState state = new PartitionState(-1, 5, List.of(), new Successors(List.of(3, 2), 3), 2, true);
        Assignment assignment = new Assignment(List.of(3, 2, 1), List.of(3), List.of(1));

        byte[] data = TreeLayout.partitionState(state, 7);
        PartitionImage read = TreeLayout.parsePartitionState(0, assignment, node(data, 0, 4));

        assertThat(text(data))
                .endsWith("\"isr\":[],\"leader_recovery_state\":1,\"elr\":[3,2],\"last_known_elr\":[3],"
                        + "\"min_insync_replicas\":2}");
        assertThat(read).isEqualTo(new PartitionImage(0, assignment, state, 4));
    }

    @Test
    void shouldReadAStateOfKafkaFromBeforeElectionsWereEverRecovered() {
        byte[] data = bytes("{\"controller_epoch\":7,\"leader\":1,\"version\":1,\"leader_epoch\":3,\"isr\":[1,2]}");

        PartitionImage read = TreeLayout.parsePartitionState(0, Assignment.of(List.of(1, 2)), node(data, 0, 9));

        assertThat(read.state()).isEqualTo(new PartitionState(1, 3, List.of(1, 2), Successors.NONE, 1, false));
        assertThat(read.partitionEpoch()).isEqualTo(9);
    }

    @Test
    void shouldKeepReassignmentsInTheTopicsNode() {
        List<Assignment> partitions =
                List.of(Assignment.of(List.of(1, 2)), new Assignment(List.of(3, 2, 1), List.of(3), List.of(1)));

        byte[] data = TreeLayout.topic(ID, partitions);

        assertThat(text(data))
                .isEqualTo("{\"removing_replicas\":{\"1\":[1]},\"partitions\":{\"0\":[1,2],\"1\":[3,2,1]},"
                        + "\"topic_id\":\"AAAAAAAAAAEAAAAAAAAAAg\",\"adding_replicas\":{\"1\":[3]},\"version\":3}");
        assertThat(TreeLayout.parseTopic(data).id()).isEqualTo(ID);
        assertThat(TreeLayout.parseTopic(data).partitions().values()).containsExactlyElementsOf(partitions);
    }

    @Test
    void shouldReadATopicOfAnOlderKafka() {
        byte[] data = bytes("{\"version\":2,\"partitions\":{\"0\":[1,2]},\"topic_id\":\"AAAAAAAAAAEAAAAAAAAAAg\"}");

        assertThat(TreeLayout.parseTopic(data).partitions()).containsEntry(0, Assignment.of(List.of(1, 2)));
    }

    @Test
    void shouldTakeTheBrokerEpochFromTheCreationOfTheNode() {
        BrokerImage broker =
                new BrokerImage(4, List.of(new BrokerImage.Endpoint("PLAINTEXT", "PLAINTEXT", "localhost", 9092)), "a");

        BrokerImage read = TreeLayout.parseBroker(4, node(TreeLayout.broker(broker, 0), 77, 0));

        assertThat(read).isEqualTo(new BrokerImage(4, 77, broker.endpoints(), "a"));
    }

    private static Node node(byte[] data, long czxid, int version) {
        return new Node(data, new NodeStat(czxid, 0, 0, 0, 0, version, 0, 0, 0, data.length, 0));
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    private static String text(byte[] data) {
        return new String(data, StandardCharsets.UTF_8);
    }
}
