// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.varve.broker.config.ConfigValues;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.QuorumInfo;
import org.apache.kafka.common.errors.UnsupportedVersionException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What Kafka's client is told of the quorum. */
@Timeout(value = 1, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class DescribeQuorumTest {

    @TempDir
    private Path directory;

    @Test
    void shouldDescribeTheQuorumThatBrokersRun() throws Exception {
        try (Broker broker = Broker.start(ConfigValues.of(Map.of(
                        "node.id", "7", "log.dirs", directory.toString(), "listeners", "PLAINTEXT://127.0.0.1:0")));
                Admin admin = Admin.create(Map.of(
                        "bootstrap.servers",
                        "127.0.0.1:" + broker.listeners().get(0).getPort()))) {
            QuorumInfo quorum = admin.describeMetadataQuorum().quorumInfo().get(30, TimeUnit.SECONDS);

            assertThat(quorum.leaderId()).isPositive();
            assertThat(quorum.leaderEpoch()).isPositive();
            assertThat(quorum.highWatermark()).isPositive();
            assertThat(quorum.voters()).singleElement().satisfies(voter -> {
                assertThat(voter.replicaId()).isEqualTo(quorum.leaderId());
                assertThat(voter.logEndOffset()).isEqualTo(quorum.highWatermark());
            });
            assertThat(quorum.observers()).isEmpty();
        }
    }

    @Test
    void shouldSayThatBrokersOnAnEnsembleRunNone() throws Exception {
        try (EmbeddedBrokers brokers = new EmbeddedBrokers(directory).start(1);
                Admin admin = Admin.create(Map.of("bootstrap.servers", brokers.bootstrap()))) {
            assertThatThrownBy(() -> admin.describeMetadataQuorum().quorumInfo().get(30, TimeUnit.SECONDS))
                    .hasCauseInstanceOf(UnsupportedVersionException.class);
        }
    }
}
