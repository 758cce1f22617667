// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.group;

import java.util.Collections;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * What a member of a consumer group has, on its way to what it is to have (KIP-848, ConsumerGroupCurrentMemberAssignment).
 *
 * <p>Threading: immutable.
 *
 * @param epoch the member's epoch: that of the target it has reached, or {@link #LEFT_FOR_A_WHILE}
 * @param previousEpoch its epoch before that, which it may still name when an answer was lost
 * @param assigned the partitions it may read, with the epoch at which it got each (KIP-1251)
 * @param revoking the partitions it must give back first, which nobody else may have until then
 */
record CurrentAssignment(
        int epoch,
        int previousEpoch,
        State state,
        SortedMap<TopicIdPartition, Integer> assigned,
        SortedMap<TopicIdPartition, Integer> revoking) {

    /** The epoch of a static member that has gone to come again. */
    static final int LEFT_FOR_A_WHILE = -2;

    static final CurrentAssignment NONE =
            new CurrentAssignment(0, 0, State.STABLE, Collections.emptySortedMap(), Collections.emptySortedMap());

    /** How far a member is on its way; any may follow any. */
    enum State {
        /** It has all of its target. */
        STABLE,
        /** It has partitions to give back, and stays at its epoch until then. */
        UNREVOKED,
        /** It is at the epoch of its target, and waits for partitions that others have not given back. */
        UNRELEASED
    }

    /**
     * The next step towards the target: what is not in it is given back before anything new is taken, and what others have is not
     * taken.
     *
     * @param target what the member is to have at {@code targetEpoch}
     * @param owned what the member says that it has, null when it does not say
     * @param free tells of a partition whether no other member has it
     */
    CurrentAssignment towards(
            int targetEpoch,
            SortedSet<TopicIdPartition> target,
            @Nullable Set<TopicIdPartition> owned,
            Predicate<TopicIdPartition> free) {
        boolean arrived = state == State.STABLE && epoch == targetEpoch;
        if (arrived || (state == State.UNREVOKED && mayHave(owned, revoking))) {
            return this;
        }
        SortedMap<TopicIdPartition, Integer> next = new TreeMap<>(assigned);
        next.keySet().retainAll(target);
        SortedMap<TopicIdPartition, Integer> surplus = new TreeMap<>(assigned);
        surplus.keySet().removeAll(target);
        if (!surplus.isEmpty() && mayHave(owned, surplus)) {
            return of(epoch, previousEpoch, State.UNREVOKED, next, surplus);
        }
        boolean all = true;
        for (TopicIdPartition partition : target) {
            if (free.test(partition)) {
                next.putIfAbsent(partition, targetEpoch);
            } else {
                all &= next.containsKey(partition);
            }
        }
        int previous = epoch == targetEpoch ? previousEpoch : epoch;
        return of(targetEpoch, previous, all ? State.STABLE : State.UNRELEASED, next, Collections.emptySortedMap());
    }

    /** Whether a member may still have one of these partitions, going by what it says. */
    private static boolean mayHave(
            @Nullable Set<TopicIdPartition> owned, SortedMap<TopicIdPartition, Integer> partitions) {
        return owned == null || !Collections.disjoint(owned, partitions.keySet());
    }

    static CurrentAssignment of(
            int epoch,
            int previousEpoch,
            State state,
            Map<TopicIdPartition, Integer> assigned,
            Map<TopicIdPartition, Integer> revoking) {
        return new CurrentAssignment(
                epoch,
                previousEpoch,
                state,
                Collections.unmodifiableSortedMap(new TreeMap<>(assigned)),
                Collections.unmodifiableSortedMap(new TreeMap<>(revoking)));
    }

    /** A static member goes to come again; what it may read is kept for it, and the rest it has given back. */
    CurrentAssignment leftForAWhile() {
        return of(LEFT_FOR_A_WHILE, epoch, State.STABLE, assigned, Map.of());
    }

    boolean isAway() {
        return epoch == LEFT_FOR_A_WHILE;
    }

    /** The partitions that nobody else may have. */
    SortedSet<TopicIdPartition> held() {
        SortedSet<TopicIdPartition> held = new TreeSet<>(assigned.keySet());
        held.addAll(revoking.keySet());
        return held;
    }

    /** Whether nobody else may have a partition. */
    boolean holds(TopicIdPartition partition) {
        return assigned.containsKey(partition) || revoking.containsKey(partition);
    }

    /**
     * Whether a member that names this epoch is up to date. The epoch before is as good while the member has nothing that is not its
     * own: the answer that told it of the present one was lost.
     */
    boolean accepts(int said, @Nullable Set<TopicIdPartition> owned) {
        boolean late = said == previousEpoch
                && said < epoch
                && owned != null
                && assigned.keySet().containsAll(owned);
        return said == epoch || late;
    }

    /** Whether a commit for a partition may name this epoch: one since which the member has the partition (KIP-1251). */
    boolean acceptsCommit(int said, TopicIdPartition partition) {
        Integer since = assigned.containsKey(partition) ? assigned.get(partition) : revoking.get(partition);
        return said == epoch || (said < epoch && since != null && since <= said);
    }
}
