// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.controller;

import io.varve.broker.metadata.ClusterImage;
import io.varve.broker.metadata.PartitionImage;
import io.varve.broker.metadata.TopicImage;
import io.varve.broker.partition.TopicPartition;
import io.varve.broker.request.RequestException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.ToLongFunction;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Lets brokers have their shares, a few moves at a time. Each time some are done it plans anew, so that it goes on from wherever a former
 * controller, or somebody by hand, has left it.
 *
 * <p>Draining goes on whenever there is something to drain. Shares are only evened out once somebody has asked to look at them, and while no
 * replica is catching up that could be in sync, as after a restart.
 *
 * <p>Threading: confined to the turns of the controller.
 */
final class BalanceDuty {

    private static final Logger LOG = LoggerFactory.getLogger(BalanceDuty.class);

    private final BalancePlan.Aim aim;
    private final BalancePlan.Throttle throttle;
    private ToLongFunction<TopicPartition> sizes = id -> 0;
    private Set<BalancePlan.Obstacle> obstacles = Set.of();
    private boolean isAsked;

    /** Whether something has moved for which leaders have not been elected yet. */
    private boolean hasMoved;

    BalanceDuty(BalancePlan.Aim aim, BalancePlan.Throttle throttle) {
        this.aim = aim;
        this.throttle = throttle;
    }

    /** Tells how large partitions are by now. */
    void sizes(ToLongFunction<TopicPartition> known) {
        sizes = known;
    }

    /** Asks to look whether brokers have their shares. */
    void ask() {
        isAsked = true;
    }

    /** What to change next; empty when there is nothing to be changed, or enough is under way. */
    List<PartitionChange> next(Situation situation) {
        if (!isAsked && !hasMoved && !hasToDrain(situation)) {
            return List.of();
        }
        long underWay = underWay(situation);
        BalancePlan plan = BalancePlan.firstOf(situation, sizes, aim, throttle.moves());
        tell(plan.obstacles());
        if (underWay == 0 && plan.moves().stream().noneMatch(move -> isAsked || isDrain(move))) {
            return end(situation);
        }
        boolean mayEven = isAsked && isCalm(situation);
        // Several are begun together; what is under way may have to go elsewhere at any time.
        boolean mayBegin = 2 * underWay <= throttle.moves();
        List<PartitionChange> changes = new ArrayList<>();
        for (BalancePlan.Move move : plan.next(throttle)) {
            if ((mayBegin || isUnderWay(situation, move)) && (mayEven || isDrain(move))) {
                begin(situation, move, changes);
            }
        }
        return changes;
    }

    private static boolean isUnderWay(Situation situation, BalancePlan.Move move) {
        return situation
                .revise(move.partition().topic(), move.partition().index())
                .before()
                .assignment()
                .isReassigning();
    }

    private static boolean isDrain(BalancePlan.Move move) {
        return move.reason() == BalancePlan.Reason.DRAIN;
    }

    private void begin(Situation situation, BalancePlan.Move move, List<PartitionChange> changes) {
        try {
            ReassignmentDecisions.begin(situation, move.partition(), move.to()).ifPresent(change -> {
                LOG.info(
                        "Moving: partition={}, from={}, to={}, bytes={}, reason={}",
                        move.partition(),
                        move.from(),
                        move.to(),
                        move.bytes(),
                        move.reason());
                changes.add(change);
                hasMoved = true;
            });
        } catch (RequestException refused) {
            LOG.warn("Not moved: {}", refused.getMessage());
        }
    }

    /** Leaders that moved come last, and all at once. */
    private List<PartitionChange> end(Situation situation) {
        isAsked = false;
        List<PartitionChange> changes = hasMoved ? LeaderDecisions.balance(situation, 0) : List.of();
        hasMoved = false;
        return changes;
    }

    private static boolean hasToDrain(Situation situation) {
        return situation.brokers().draining().stream()
                .anyMatch(id -> !BalancePlan.remaining(situation, id).isEmpty());
    }

    private static long underWay(Situation situation) {
        return situation.image().topics().stream()
                .flatMap(topic -> topic.partitions().stream())
                .filter(partition -> partition.assignment().isReassigning())
                .count();
    }

    private static boolean isCalm(Situation situation) {
        for (TopicImage topic : situation.image().topics()) {
            for (PartitionImage partition : topic.partitions()) {
                if (!partition.assignment().isReassigning() && isCatchingUp(partition, situation.brokers())) {
                    return false;
                }
            }
        }
        return true;
    }

    private static boolean isCatchingUp(PartitionImage partition, BrokerStates brokers) {
        return partition.leader() != ClusterImage.NOBODY
                && partition.replicas().stream()
                        .anyMatch(id -> brokers.isActive(id) && !partition.isr().contains(id));
    }

    private void tell(List<BalancePlan.Obstacle> found) {
        Set<BalancePlan.Obstacle> now = new HashSet<>(found);
        for (BalancePlan.Obstacle obstacle : found) {
            if (!obstacles.contains(obstacle)) {
                LOG.warn(
                        "Cannot be moved: partition={}, broker={}, cause={}",
                        obstacle.partition(),
                        obstacle.brokerId(),
                        obstacle.cause());
            }
        }
        obstacles = now;
    }
}
