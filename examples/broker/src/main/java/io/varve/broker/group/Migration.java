// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.group;

import io.varve.broker.request.ErrorCode;
import io.varve.kafka.message.ConsumerProtocolAssignment;
import io.varve.kafka.message.ConsumerProtocolSubscription;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Makes a classic group of consumers a consumer group and back, with its members (KIP-848, "Online migration"). The epoch goes on where the
 * generation was, and the generation where the epoch was. Pure.
 */
final class Migration {

    private Migration() {}

    /**
     * The consumer group that a classic group becomes. Everybody keeps what it may still have, for nobody has given it back for certain:
     * what was assigned to it, and what it said that it has, when it joined, unless that was assigned to another since then.
     *
     * @return null when it cannot become one: it is not of consumers, or assignments carry what only their assignor understands
     */
    static @Nullable ConsumerGroup upgraded(Group group, Topics topics, long nowMs) {
        if (!group.members().isEmpty() && !ConsumerProtocol.TYPE.equals(group.protocolType())) {
            return null;
        }
        Map<String, SortedSet<TopicIdPartition>> held = new TreeMap<>();
        Set<TopicIdPartition> taken = new HashSet<>();
        for (Member member : group.members().values()) {
            ConsumerProtocolAssignment assignment = ConsumerProtocol.assignment(ByteBuffer.wrap(member.assignment()));
            if (assignment == null || hasUserData(assignment)) {
                return null;
            }
            SortedSet<TopicIdPartition> assigned = ConsumerProtocol.assigned(assignment, topics);
            assigned.removeAll(taken);
            taken.addAll(assigned);
            held.put(member.memberId(), assigned);
        }
        ConsumerGroup upgraded = ConsumerGroup.empty(group.id()).withEpoch(group.generation(), 0);
        for (Member member : group.members().values()) {
            ConsumerProtocolSubscription subscription = subscription(member);
            if (subscription == null) {
                return null;
            }
            SortedSet<TopicIdPartition> said = ConsumerProtocol.owned(subscription, topics);
            said.removeAll(taken);
            taken.addAll(said);
            said.addAll(held.getOrDefault(member.memberId(), Collections.emptySortedSet()));
            held.put(member.memberId(), said);
            upgraded = upgraded.with(ConsumerMember.joining(member.memberId(), nowMs)
                    .with(metadata(member, subscription))
                    .with(stable(said, group.generation()), nowMs));
        }
        return upgraded.withTarget(group.generation(), held);
    }

    private static MemberMetadata metadata(Member member, ConsumerProtocolSubscription subscription) {
        return new MemberMetadata(
                member.instanceId(),
                subscription.rackId(),
                member.client(),
                member.timeouts().rebalanceMs(),
                MemberMetadata.sorted(subscription.topics()),
                null,
                null,
                ClassicMetadata.of(member.timeouts().sessionMs(), member.protocols()));
    }

    private static @Nullable ConsumerProtocolSubscription subscription(Member member) {
        return member.protocols().isEmpty()
                ? null
                : ConsumerProtocol.subscription(
                        ByteBuffer.wrap(member.protocols().get(0).metadata()));
    }

    private static CurrentAssignment stable(SortedSet<TopicIdPartition> held, int epoch) {
        Map<TopicIdPartition, Integer> assigned = new TreeMap<>();
        held.forEach(partition -> assigned.put(partition, epoch));
        return CurrentAssignment.of(epoch, epoch, CurrentAssignment.State.STABLE, assigned, Map.of());
    }

    private static boolean hasUserData(ConsumerProtocolAssignment assignment) {
        ByteBuffer userData = assignment.userData();
        return userData != null && userData.hasRemaining();
    }

    /** What those are told who wait for a generation that will not be: that they must join again. */
    static List<GroupAnswer> refusals(Group group) {
        List<GroupAnswer> answers = new ArrayList<>();
        for (Member member : group.members().values()) {
            if (member.isJoining()) {
                answers.add(GroupAnswer.Joined.refused(
                        member.joinRequestId(), ErrorCode.REBALANCE_IN_PROGRESS, member.memberId()));
            }
            if (member.isSyncing()) {
                answers.add(GroupAnswer.Synced.refused(member.syncRequestId(), ErrorCode.REBALANCE_IN_PROGRESS));
            }
        }
        return answers;
    }

    /** Whether only members of the classic protocol are left. */
    static boolean isClassic(ConsumerGroup group) {
        return !group.members().isEmpty()
                && group.members().values().stream()
                        .allMatch(member -> member.metadata().classic() != null);
    }

    /**
     * The events by which a consumer group becomes a classic one that prepares a rebalance. What a member has yet to give back counts as
     * assigned to it.
     *
     * @param before the group as it is, whose epoch the members know
     * @param after the group without those who go
     */
    static List<GroupEvent> downgrade(
            ConsumerGroup before, ConsumerGroup after, Topics topics, GroupConfig config, long nowMs) {
        Map<String, Member> members = new LinkedHashMap<>();
        after.members().values().forEach(member -> members.put(member.memberId(), downgraded(member, topics, nowMs)));
        Group group = new Group(
                before.id(),
                Group.State.STABLE,
                ConsumerProtocol.TYPE,
                null,
                before.epoch(),
                null,
                members,
                Map.of(),
                Group.Rebalance.NONE,
                nowMs);
        Step step = new Step(group.withProtocolName(group.elect()), config, nowMs);
        step.rebalance();
        List<GroupEvent> events = new ArrayList<>(ConsumerGroupChange.toNothing(before, nowMs));
        events.add(new GroupEvent.GroupChanged(step.group(), true));
        return events;
    }

    private static Member downgraded(ConsumerMember member, Topics topics, long nowMs) {
        MemberMetadata metadata = member.metadata();
        ClassicMetadata classic = metadata.classic();
        if (classic == null) {
            throw new IllegalArgumentException("not a member of the classic protocol: member=" + member.memberId());
        }
        GroupCommand.Timeouts timeouts =
                new GroupCommand.Timeouts(classic.sessionTimeoutMs(), metadata.rebalanceTimeoutMs());
        return new Member(
                member.memberId(),
                metadata.instanceId(),
                metadata.client(),
                timeouts,
                classic.asInClassicGroup(),
                ConsumerProtocol.assignment(
                        member.current().held(), classic.favourite().metadata(), topics),
                nowMs + timeouts.sessionMs(),
                GroupCommand.NOBODY,
                GroupCommand.NOBODY);
    }
}
