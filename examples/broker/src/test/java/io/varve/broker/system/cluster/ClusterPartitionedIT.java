// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.system.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import io.varve.target.ClusterBroker;
import io.varve.target.Network;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.function.BiConsumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/**
 * Cuts the leader of a partition off the other brokers, both ways or one: what it acknowledges on its own must not count, and when the
 * network heals all go on.
 *
 * <p>{@code -Dvarve.partitioned.rounds} says how often each cut is made.
 */
@EnabledOnOs(OS.LINUX)
class ClusterPartitionedIT {

    private static final int ROUNDS = Integer.getInteger("varve.partitioned.rounds", 1);
    private static final int CUT_MS = 2 * TestCluster.SESSION_TIMEOUT_MS;
    private static final int PER_SECOND = 500;
    private static final Map<String, Object> WRITING = Map.of("request.timeout.ms", TestCluster.SESSION_TIMEOUT_MS);

    /** Whether clients go on meanwhile. */
    private enum Flow {
        RESUMES,
        STOPS,
        MAY_DO_EITHER
    }

    /** The leader, and one of the others. */
    private record Ends(String leader, String other) {}

    /** What is cut between the leader and each of the others. */
    private enum Cut {
        BOTH_WAYS(Flow.RESUMES, (network, ends) -> network.cutBoth(ends.leader(), ends.other())),
        NOT_HEARD(Flow.MAY_DO_EITHER, (network, ends) -> network.cut(ends.leader(), ends.other())),
        DEAF(Flow.MAY_DO_EITHER, (network, ends) -> network.cut(ends.other(), ends.leader())),
        WITH_ITS_CLIENTS(Flow.STOPS, (network, ends) -> {
            network.cutBoth(ends.leader(), ends.other());
            network.cutBoth(Network.CLIENTS, ends.other());
        });

        private final Flow flow;
        private final BiConsumer<Network, Ends> between;

        Cut(Flow flow, BiConsumer<Network, Ends> between) {
            this.flow = flow;
            this.between = between;
        }
    }

    @Test
    void shouldGoOnWithoutALeaderThatIsCutOff(@TempDir Path directory) throws Exception {
        try (TestCluster cluster = TestCluster.startRelayed(directory);
                Trial trial = new Trial(cluster, "partitioned", 1, PER_SECOND, WRITING)) {
            for (Cut cut : Cut.values()) {
                Gaps gaps = new Gaps();
                Gaps healing = new Gaps();
                for (int round = 0; round < ROUNDS; round++) {
                    trial.beginGaps();
                    cut(cluster, trial, cut);
                    cluster.brokers().network().heal();
                    long healedNs = System.nanoTime();
                    trial.awaitFlow();
                    gaps.addAll(trial.gapsMs());
                    cluster.awaitInSync(trial.topic());
                    healing.add((System.nanoTime() - healedNs) / 1e6);
                }
                System.out.printf(
                        "%s: leader cut off, %s, %d times for at least %d ms; longest gap %s; in sync again after %s%n",
                        cluster.name(), cut, ROUNDS, CUT_MS, gaps, healing);
            }
            System.out.printf("%s: %d records acknowledged, none lost%n", cluster.name(), trial.verify());
        }
    }

    private static void cut(TestCluster cluster, Trial trial, Cut cut) throws Exception {
        ClusterBroker leader = cluster.awaitLeader(trial.topic(), 0);
        for (ClusterBroker other : cluster.brokers().brokers()) {
            if (other != leader) {
                cut.between.accept(cluster.brokers().network(), new Ends(leader.node(), other.node()));
            }
        }
        List<Long> sent = trial.sent();
        Thread.sleep(CUT_MS);
        if (cut.flow == Flow.STOPS) {
            assertThat(trial.acknowledgedSince(sent))
                    .as("partitions of which the minority acknowledged records")
                    .isZero();
        } else if (cut.flow == Flow.RESUMES && cluster.decidesAmongBrokers()) {
            trial.awaitFlow(); // on an ensemble of its own the leader has its session, leads on, and too few are in
            // sync with it
        }
    }
}
