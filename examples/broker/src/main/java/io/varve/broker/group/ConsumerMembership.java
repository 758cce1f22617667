// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.group;

import io.varve.broker.request.ErrorCode;
import java.util.ArrayList;
import java.util.List;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Decides about members of consumer groups in the protocol of KIP-848, where one heartbeat says what a member wants and tells it what
 * it has. Pure.
 */
final class ConsumerMembership {

    private static final int JOINING = 0;
    private static final int LEAVING = -1;

    private final ConsumerGroupConfig config;
    private final TargetAssignment targets;

    ConsumerMembership(ConsumerGroupConfig config) {
        this.config = config;
        this.targets = new TargetAssignment(config.assignors());
    }

    /** What becomes of a group, and what is answered. */
    record Outcome(ConsumerGroup group, GroupAnswer answer) {}

    /** Why a heartbeat is refused. */
    record Refusal(ErrorCode error, String message) {}

    TargetAssignment targets() {
        return targets;
    }

    Outcome heartbeat(GroupCommand.ConsumerHeartbeat heartbeat, ConsumerGroup group, Topics topics, long nowMs) {
        Refusal refusal = refusal(heartbeat, group);
        if (refusal != null) {
            return new Outcome(group, GroupAnswer.Heard.refused(heartbeat, refusal.error(), refusal.message()));
        }
        if (heartbeat.epoch() < JOINING) {
            return leave(heartbeat, group, nowMs);
        }
        ConsumerGroup next = said(heartbeat, group, topics, nowMs);
        ConsumerMember member = present(next, heartbeat.memberId());
        member = member.with(towardsTarget(member, next, heartbeat), nowMs);
        return new Outcome(next.with(member), answer(heartbeat, group, member));
    }

    /** The group with a member that is as it says, and up to date with that. */
    private ConsumerGroup said(
            GroupCommand.ConsumerHeartbeat heartbeat, ConsumerGroup group, Topics topics, long nowMs) {
        boolean joins = heartbeat.epoch() == JOINING;
        ConsumerGroup next = joins ? join(heartbeat, group, nowMs) : group;
        ConsumerMember member = present(next, heartbeat.memberId()).heard(nowMs);
        MemberMetadata metadata = MemberMetadata.after(joins ? MemberMetadata.UNKNOWN : member.metadata(), heartbeat);
        ConsumerMember was = group.members().get(heartbeat.memberId());
        ConsumerMember place = was == null ? group.byInstance(heartbeat.instanceId()) : was;
        boolean same = place != null && place.metadata().wantsTheSame(metadata);
        return upToDate(next.with(member.with(metadata)), same, topics);
    }

    /**
     * The group at its next epoch if members, what they want or their topics are not what the target was worked out for, and with a target
     * for its epoch.
     *
     * @param same whether members and what they want are those of the epoch
     */
    ConsumerGroup upToDate(ConsumerGroup group, boolean same, Topics topics) {
        ConsumerGroup next = group;
        if (!same || topics.version() != group.topicsVersion()) {
            next = resolve(group, topics);
            long hash = topics.hash(next.topics());
            if (!same || hash != group.metadataHash()) {
                next = next.withEpoch(group.epoch() + 1, hash);
            }
        }
        // Members that have gone may have been the only ones to read a topic.
        return next.epoch() > next.targetEpoch()
                ? targets.assign(next.withEpoch(next.epoch(), topics.hash(next.topics())), topics)
                : next;
    }

    /** What a member is told: what it has when that is new to it, or when it says all it knows, as after a lost answer. */
    private GroupAnswer answer(GroupCommand.ConsumerHeartbeat heartbeat, ConsumerGroup before, ConsumerMember member) {
        ConsumerMember was = before.members().get(member.memberId());
        boolean news = heartbeat.epoch() == JOINING
                || was == null
                || heartbeat.isFull()
                || !was.current()
                        .assigned()
                        .keySet()
                        .equals(member.current().assigned().keySet());
        return new GroupAnswer.Heard(
                heartbeat.requestId(),
                ErrorCode.NONE,
                null,
                member.memberId(),
                member.current().epoch(),
                config.heartbeatIntervalMs(),
                news ? member.current().assigned().keySet() : null);
    }

    private static ConsumerMember present(ConsumerGroup group, String memberId) {
        ConsumerMember member = group.members().get(memberId);
        if (member == null) {
            throw new IllegalStateException("no such member: group=" + group.id() + ", member=" + memberId);
        }
        return member;
    }

    private @Nullable Refusal refusal(GroupCommand.ConsumerHeartbeat heartbeat, ConsumerGroup group) {
        String assignor = heartbeat.assignor();
        if (assignor != null && !targets.knows(assignor)) {
            return new Refusal(
                    ErrorCode.UNSUPPORTED_ASSIGNOR,
                    "unknown assignor: name=" + assignor + "; the broker has " + config.assignors());
        }
        String regex = heartbeat.topicRegex();
        String fault = regex == null ? null : TopicRegex.fault(regex);
        if (fault != null) {
            return new Refusal(
                    ErrorCode.INVALID_REGULAR_EXPRESSION,
                    "the expression cannot be used: regex=" + regex + ": " + fault);
        }
        ConsumerMember named = group.byInstance(heartbeat.instanceId());
        boolean itself = named != null && named.memberId().equals(heartbeat.memberId());
        return heartbeat.epoch() == JOINING
                ? refusalToJoin(heartbeat, group, itself ? null : named)
                : refusalToStay(heartbeat, group, itself ? null : named);
    }

    private @Nullable Refusal refusalToJoin(
            GroupCommand.ConsumerHeartbeat heartbeat, ConsumerGroup group, @Nullable ConsumerMember named) {
        // In the classic protocol a static member does not say goodbye: whoever comes with its name is it.
        if (named != null && !named.current().isAway() && heartbeat.classic() == null) {
            return new Refusal(
                    ErrorCode.UNRELEASED_INSTANCE_ID,
                    "the static name is another member's: instance=" + heartbeat.instanceId() + ", member="
                            + named.memberId());
        }
        boolean comes = named == null && !group.members().containsKey(heartbeat.memberId());
        return comes && group.members().size() >= config.maxSize()
                ? new Refusal(ErrorCode.GROUP_MAX_SIZE_REACHED, "the group is full: members=" + config.maxSize())
                : null;
    }

    private static @Nullable Refusal refusalToStay(
            GroupCommand.ConsumerHeartbeat heartbeat, ConsumerGroup group, @Nullable ConsumerMember named) {
        if (named != null) {
            return new Refusal(
                    ErrorCode.FENCED_INSTANCE_ID,
                    "the static name is another member's by now: instance=" + heartbeat.instanceId() + ", member="
                            + named.memberId());
        }
        ConsumerMember member = group.members().get(heartbeat.memberId());
        if (member == null) {
            return new Refusal(
                    ErrorCode.UNKNOWN_MEMBER_ID,
                    "no such member: group=" + group.id() + ", member=" + heartbeat.memberId());
        }
        boolean leaves = heartbeat.epoch() < JOINING;
        return leaves || member.current().accepts(heartbeat.epoch(), heartbeat.owned())
                ? null
                : new Refusal(
                        ErrorCode.FENCED_MEMBER_EPOCH,
                        "the member must join anew: epoch=" + heartbeat.epoch() + ", currentEpoch="
                                + member.current().epoch());
    }

    /**
     * A member comes, or comes again with nothing in its hands. A static one takes the place of its former self: as its former target is
     * its own, nobody else is moved.
     */
    private static ConsumerGroup join(GroupCommand.ConsumerHeartbeat heartbeat, ConsumerGroup group, long nowMs) {
        ConsumerMember named = group.byInstance(heartbeat.instanceId());
        ConsumerMember known = named == null ? group.members().get(heartbeat.memberId()) : named;
        ConsumerMember joining = ConsumerMember.joining(heartbeat.memberId(), nowMs);
        if (known == null) {
            return group.with(joining);
        }
        SortedSet<TopicIdPartition> target = group.target(known.memberId());
        return group.without(known.memberId())
                .with(joining.with(known.metadata()))
                .withTarget(heartbeat.memberId(), target);
    }

    /** Works out anew what the expressions of the members stand for. */
    private static ConsumerGroup resolve(ConsumerGroup group, Topics topics) {
        boolean sameTopics = group.topicsVersion() == topics.version();
        SortedMap<String, SortedSet<String>> regexes = new TreeMap<>();
        for (ConsumerMember member : group.members().values()) {
            String regex = member.metadata().topicRegex();
            if (regex != null && !regexes.containsKey(regex)) {
                SortedSet<String> known = sameTopics ? group.regexes().get(regex) : null;
                regexes.put(regex, known == null ? TopicRegex.topics(regex, topics) : known);
            }
        }
        return group.withRegexes(regexes, topics.version());
    }

    private static CurrentAssignment towardsTarget(
            ConsumerMember member, ConsumerGroup group, GroupCommand.ConsumerHeartbeat heartbeat) {
        CurrentAssignment current = member.current();
        boolean arrived = current.state() == CurrentAssignment.State.STABLE && current.epoch() == group.targetEpoch();
        if (arrived) {
            return current;
        }
        SortedSet<TopicIdPartition> held = group.heldByOthers(member.memberId());
        return current.towards(
                group.targetEpoch(),
                group.target(member.memberId()),
                heartbeat.owned(),
                partition -> !held.contains(partition));
    }

    private Outcome leave(GroupCommand.ConsumerHeartbeat heartbeat, ConsumerGroup group, long nowMs) {
        ConsumerMember member = present(group, heartbeat.memberId());
        GroupAnswer answer = new GroupAnswer.Heard(
                heartbeat.requestId(),
                ErrorCode.NONE,
                null,
                member.memberId(),
                heartbeat.epoch(),
                config.heartbeatIntervalMs(),
                null);
        boolean comesAgain = heartbeat.epoch() != LEAVING && member.metadata().instanceId() != null;
        return new Outcome(
                comesAgain
                        ? group.with(member.heard(nowMs).with(member.current().leftForAWhile(), nowMs))
                        : remove(group, List.of(member)),
                answer);
    }

    /** Time has passed: whoever has not been heard of, or has not given back what it must, is out. */
    ConsumerGroup tick(ConsumerGroup group, long nowMs) {
        List<ConsumerMember> late = new ArrayList<>();
        for (ConsumerMember member : group.members().values()) {
            if (member.deadlineMs(config.sessionTimeoutMs()) <= nowMs) {
                late.add(member);
            }
        }
        return remove(group, late);
    }

    /** The group without some members, at its next epoch; whoever is heard of next works out the target. */
    static ConsumerGroup remove(ConsumerGroup group, List<ConsumerMember> gone) {
        ConsumerGroup next = group;
        for (ConsumerMember member : gone) {
            next = next.without(member.memberId());
        }
        return gone.isEmpty() ? group : next.withEpoch(group.epoch() + 1, group.metadataHash());
    }

    /** When a group must be looked at again, {@link Long#MAX_VALUE} for never. */
    long nextDeadlineMs(ConsumerGroup group) {
        return group.members().values().stream()
                .mapToLong(member -> member.deadlineMs(config.sessionTimeoutMs()))
                .min()
                .orElse(Long.MAX_VALUE);
    }
}
