// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.controller;

import io.varve.broker.metadata.ClusterImage;
import io.varve.broker.metadata.PartitionImage;
import io.varve.broker.metadata.TopicImage;
import io.varve.broker.partition.TopicPartition;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.function.ToLongFunction;
import java.util.stream.Collectors;

/**
 * Where replicas and leaders should be instead: brokers that are to be emptied are, and those that take replicas have equal shares of the
 * bytes and of the leaders. It is a function of the situation, so that nothing of it needs to be kept: a few moves are begun, and when
 * they are done, or another controller has been elected, the plan is made anew.
 *
 * <p>Threading: immutable.
 *
 * @param moves in the order in which to begin them, at most one of each partition
 * @param obstacles what cannot be moved although it should
 * @param begun moves that are under way already; the plan counts them as done
 */
public record BalancePlan(List<Move> moves, List<Obstacle> obstacles, List<Move> begun) {

    public BalancePlan {
        moves = List.copyOf(moves);
        obstacles = List.copyOf(obstacles);
        begun = List.copyOf(begun);
    }

    /** Why a partition moves. */
    public enum Reason {

        /** A broker is to be emptied. */
        DRAIN,

        /** A broker has more bytes than its share, or another has less. */
        BYTES,

        /** A broker is the preferred leader of more partitions than its share, or another of less; no byte is copied. */
        LEADERS,

        /** Somebody has begun it, and the tree does not say why. */
        UNDER_WAY
    }

    /**
     * One partition's way.
     *
     * @param from its replicas, the preferred leader first
     * @param to its replicas afterwards
     * @param bytes what has to be copied
     */
    public record Move(TopicPartition partition, List<Integer> from, List<Integer> to, long bytes, Reason reason) {}

    /**
     * A replica that should move, but cannot.
     *
     * @param brokerId where it is
     * @param cause why there is no place for it, in words
     */
    public record Obstacle(TopicPartition partition, int brokerId, String cause) {}

    /**
     * What a plan aims at.
     *
     * @param mostRatio how many times its equal share of bytes or leaders a broker may have, or an equal share be of its, without
     *     anything being done; more than 1
     */
    record Aim(double mostRatio) {

        Aim {
            if (!(mostRatio > 1)) {
                throw new IllegalArgumentException("shares are never exactly equal: mostRatio=" + mostRatio);
            }
        }

        /** Whether a broker has too much. */
        boolean isOver(long has, double share) {
            return has > share * mostRatio;
        }

        /** Whether a broker has too little. */
        boolean isUnder(long has, double share) {
            return has * mostRatio < share;
        }
    }

    /**
     * How much may be under way at a time.
     *
     * @param moves partitions, at least 1
     * @param bytes what they have to copy in all; one partition is moved even when it has more
     */
    record Throttle(int moves, long bytes) {

        Throttle {
            if (moves < 1) {
                throw new IllegalArgumentException("at least one move must be allowed: moves=" + moves);
            }
        }
    }

    /**
     * What a controller would plan that sees this, for those who want to look at it.
     *
     * @param draining brokers that are to be emptied
     * @param sizes bytes that one replica of a partition has
     * @param mostRatio as {@code auto.balance.ratio}
     */
    public static BalancePlan of(
            ClusterImage image, Set<Integer> draining, ToLongFunction<TopicPartition> sizes, double mostRatio) {
        BrokerStates brokers = BrokerStates.of(image);
        for (int id : draining) {
            brokers = brokers.withDraining(id);
        }
        return of(new Situation(image, brokers, topic -> new TopicRules(1, false)), sizes, new Aim(mostRatio));
    }

    /**
     * @param sizes bytes that one replica of a partition has
     */
    static BalancePlan of(Situation situation, ToLongFunction<TopicPartition> sizes, Aim aim) {
        return new Balancer(situation, sizes, aim).plan(Integer.MAX_VALUE);
    }

    /**
     * The same for who begins only a few moves before planning anew.
     *
     * @param most moves after which no further ones are looked for
     */
    static BalancePlan firstOf(Situation situation, ToLongFunction<TopicPartition> sizes, Aim aim, int most) {
        return new Balancer(situation, sizes, aim).plan(most);
    }

    /** The moves to begin now, beside those that are under way; another target of one that is begun is not held up. */
    List<Move> next(Throttle throttle) {
        Set<TopicPartition> underWay = begun.stream().map(Move::partition).collect(Collectors.toSet());
        List<Move> next = new ArrayList<>();
        List<Move> others = new ArrayList<>();
        moves.forEach(move -> (underWay.contains(move.partition()) ? next : others).add(move));
        int count = begun.size();
        long bytes = begun.stream().mapToLong(Move::bytes).sum();
        for (Move move : others) {
            boolean isFirst = count == 0;
            if (count >= throttle.moves() || (!isFirst && bytes + move.bytes() > throttle.bytes())) {
                break;
            }
            next.add(move);
            count++;
            bytes += move.bytes();
        }
        return next;
    }

    /** The partitions of which a broker has replicas: a drain is done when there are none. */
    static List<TopicPartition> remaining(Situation situation, int brokerId) {
        List<TopicPartition> remaining = new ArrayList<>();
        for (TopicImage topic : situation.image().topics()) {
            for (PartitionImage partition : topic.partitions()) {
                if (partition.replicas().contains(brokerId)) {
                    remaining.add(new TopicPartition(topic.name(), partition.index()));
                }
            }
        }
        return remaining;
    }
}
