// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.controller;

import static org.assertj.core.api.Assertions.assertThat;

import io.varve.broker.metadata.PartitionImage;
import io.varve.broker.metadata.TopicImage;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Test;

class BalanceDutyTest {

    private final BalanceDuty duty =
            new BalanceDuty(new BalancePlan.Aim(1.1), new BalancePlan.Throttle(4, Long.MAX_VALUE));
    private Situation situation = ClusterSketch.ofBrokers(1, 2, 3)
            .topic("t", Collections.nCopies(12, List.of(1, 2)))
            .situation();

    @Test
    void shouldDoNothingUnlessAsked() {
        assertThat(duty.next(situation)).isEmpty();
    }

    @Test
    void shouldBeginAFewAndMoreWhenHalfOfThemAreDone() {
        duty.ask();

        assertThat(apply()).hasSize(4);
        assertThat(apply()).isEmpty();
        complete(1);
        assertThat(apply()).isEmpty();
        complete(1);
        assertThat(apply()).hasSize(2);
    }

    @Test
    void shouldComeToAnEndWithItsLeaders() {
        duty.ask();
        for (int round = 0; round < 20; round++) {
            apply();
            complete(Integer.MAX_VALUE);
        }

        assertThat(apply()).isEmpty();
        for (int id = 1; id <= 3; id++) {
            int broker = id;
            assertThat(partitions().stream().filter(partition -> partition.leader() == broker))
                    .hasSize(4);
        }
        situation = situation.with(situation.brokers().with(new BrokerState(4, 104, null, Standing.ACTIVE)));
        assertThat(apply()).as("without being asked again").isEmpty();
    }

    @Test
    void shouldWaitWhileAReplicaCatchesUp() {
        PartitionImage first = partitions().get(0);
        write(situation
                .revise("t", first.index())
                .inSync(List.of(1))
                .because(PartitionChange.Reason.IN_SYNC_REPLICAS)
                .orElseThrow());
        duty.ask();
        assertThat(apply()).isEmpty();

        write(situation
                .revise("t", first.index())
                .inSync(List.of(1, 2))
                .because(PartitionChange.Reason.IN_SYNC_REPLICAS)
                .orElseThrow());

        assertThat(apply()).hasSize(4);
    }

    @Test
    void shouldDrainWithoutBeingAskedAndWhileReplicasCatchUp() {
        write(situation
                .revise("t", 0)
                .inSync(List.of(1))
                .because(PartitionChange.Reason.IN_SYNC_REPLICAS)
                .orElseThrow());
        situation = situation.with(situation.brokers().withDraining(2));

        for (int round = 0; round < 20; round++) {
            apply();
            complete(Integer.MAX_VALUE);
        }

        assertThat(BalancePlan.remaining(situation, 2)).isEmpty();
        assertThat(partitions()).allMatch(partition -> partition.replicas().size() == 2);
        assertThat(apply()).isEmpty();
    }

    @Test
    void shouldLeaveABrokerWhatCanGoNowhere() {
        situation =
                ClusterSketch.ofBrokers(1, 2).topic("t", List.of(List.of(1, 2))).situation();
        situation = situation.with(situation.brokers().withDraining(2));

        assertThat(apply()).isEmpty();
    }

    /** What the duty has begun, which is done. */
    private List<PartitionChange> apply() {
        List<PartitionChange> all = new ArrayList<>();
        List<PartitionChange> next = duty.next(situation);
        while (!next.isEmpty()) {
            situation = situation.with(PartitionChange.apply(situation.image(), next));
            all.addAll(next);
            next = duty.next(situation);
        }
        return all;
    }

    private void complete(int most) {
        int left = most;
        for (PartitionImage partition : partitions()) {
            if (partition.assignment().isReassigning() && left-- > 0) {
                write(situation
                        .revise("t", partition.index())
                        .inSync(partition.replicas())
                        .completed()
                        .because(PartitionChange.Reason.REASSIGNMENT)
                        .orElseThrow());
            }
        }
    }

    private void write(PartitionChange change) {
        situation = situation.with(PartitionChange.apply(situation.image(), List.of(change)));
    }

    private List<PartitionImage> partitions() {
        TopicImage topic = situation.image().topics().iterator().next();
        return topic.partitions();
    }
}
