// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.system.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import io.varve.target.ClusterBroker;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Kills the coordinator of a group again and again while its members read and commit: no commit that was acknowledged is lost, nobody is
 * assigned what another has, and all go on.
 *
 * <p>{@code -Dvarve.kill.rounds=100} is the long form.
 */
class ClusterCoordinatorKillIT {

    private static final int ROUNDS = Integer.getInteger("varve.kill.rounds", 2);

    @ParameterizedTest
    @ValueSource(strings = {"classic classic", "consumer consumer", "classic consumer"})
    void shouldKeepCommitsAndOwners(String protocols, @TempDir Path directory) throws Exception {
        try (TestCluster cluster = TestCluster.startVigilant(directory);
                GroupTrial trial = new GroupTrial(cluster, "read", 4, List.of(protocols.split(" ")))) {
            trial.awaitCommits();
            for (int round = 0; round < ROUNDS; round++) {
                ClusterBroker coordinator = trial.awaitCoordinator();
                coordinator.kill();
                trial.verify();
                trial.awaitCommits();
                coordinator.start();
                cluster.brokers().awaitReady(coordinator);
                cluster.awaitInSync("__consumer_offsets");
            }
            trial.verify();
            assertThat(trial.owners()).as("members that read").isEqualTo(2);
        }
    }
}
