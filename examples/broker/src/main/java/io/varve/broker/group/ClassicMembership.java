// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.group;

import io.varve.broker.group.ConsumerMembership.Outcome;
import io.varve.broker.group.CurrentAssignment.State;
import io.varve.broker.request.ErrorCode;
import io.varve.kafka.message.ConsumerProtocolSubscription;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/**
 * Decides about members of consumer groups that take part by the classic protocol (KIP-848, "Online migration"). A join is a heartbeat that
 * says everything, its generation the epoch of the member, and nobody is the leader; a sync brings what the member has; and a heartbeat
 * asks the member to join again when it is to have something else. Pure.
 */
final class ClassicMembership {

    private final GroupConfig config;
    private final ConsumerMembership membership;

    ClassicMembership(GroupConfig config, ConsumerMembership membership) {
        this.config = config;
        this.membership = membership;
    }

    Outcome join(GroupCommand.Join join, ConsumerGroup group, Topics topics, long nowMs) {
        String memberId = join.identity().memberId();
        ConsumerProtocolSubscription subscription = join.protocols().isEmpty()
                ? null
                : ConsumerProtocol.subscription(
                        ByteBuffer.wrap(join.protocols().get(0).metadata()));
        if (subscription == null) {
            return refused(join, group, ErrorCode.INCONSISTENT_GROUP_PROTOCOL, memberId);
        }
        Set<TopicIdPartition> owned = ConsumerProtocol.owned(subscription, topics);
        ErrorCode refusal = refusal(join, owned, group);
        if (refusal != ErrorCode.NONE) {
            return refused(join, group, refusal, memberId);
        }
        if (memberId.isEmpty() && join.abilities().idFirst() && join.identity().instanceId() == null) {
            return refused(join, group, ErrorCode.MEMBER_ID_REQUIRED, join.newMemberId());
        }
        Outcome outcome = membership.heartbeat(asHeartbeat(join, subscription, owned, group), group, topics, nowMs);
        GroupAnswer.Heard heard = (GroupAnswer.Heard) outcome.answer();
        if (heard.error() != ErrorCode.NONE) {
            return refused(join, group, heard.error(), memberId);
        }
        return new Outcome(
                outcome.group(),
                new GroupAnswer.Joined(
                        join.requestId(),
                        ErrorCode.NONE,
                        heard.memberId(),
                        heard.epoch(),
                        "",
                        ConsumerProtocol.TYPE,
                        join.protocols().get(0).name(),
                        List.of(),
                        false));
    }

    private static Outcome refused(GroupCommand.Join join, ConsumerGroup group, ErrorCode error, String memberId) {
        return new Outcome(group, GroupAnswer.Joined.refused(join.requestId(), error, memberId));
    }

    private ErrorCode refusal(GroupCommand.Join join, Set<TopicIdPartition> owned, ConsumerGroup group) {
        if (!config.allowsSession(join.timeouts().sessionMs())) {
            return ErrorCode.INVALID_SESSION_TIMEOUT;
        }
        if (!join.protocolType().equals(ConsumerProtocol.TYPE) || !hasOneInCommon(join, group)) {
            return ErrorCode.INCONSISTENT_GROUP_PROTOCOL;
        }
        return refusal(join.identity(), owned, group);
    }

    /** What is wrong with the name of a member that joins. One that nobody knows may come with an id that it was told to come with. */
    private static ErrorCode refusal(GroupCommand.Identity identity, Set<TopicIdPartition> owned, ConsumerGroup group) {
        String memberId = identity.memberId();
        ConsumerMember named = group.byInstance(identity.instanceId());
        if (memberId.isEmpty() || group.members().containsKey(memberId)) {
            return memberId.isEmpty() || named == null || named.memberId().equals(memberId)
                    ? ErrorCode.NONE
                    : ErrorCode.FENCED_INSTANCE_ID;
        }
        if (named != null) {
            return ErrorCode.FENCED_INSTANCE_ID;
        }
        // Whoever has something was a member, and by now it may be another's.
        return identity.instanceId() == null && owned.isEmpty() ? ErrorCode.NONE : ErrorCode.UNKNOWN_MEMBER_ID;
    }

    /** Whether the members know one way to assign: with it they can be a classic group again. */
    private static boolean hasOneInCommon(GroupCommand.Join join, ConsumerGroup group) {
        ConsumerMember named = group.byInstance(join.identity().instanceId());
        List<ClassicMetadata> others = new ArrayList<>();
        for (ConsumerMember member : group.members().values()) {
            boolean itself = member.equals(named)
                    || member.memberId().equals(join.identity().memberId());
            ClassicMetadata classic = member.metadata().classic();
            if (!itself && classic != null) {
                others.add(classic);
            }
        }
        return join.protocols().stream()
                .anyMatch(protocol -> others.stream().allMatch(other -> other.supports(protocol.name())));
    }

    /** What the member would say in the consumer protocol. What it says that it has is believed: at worst it is asked to give it back. */
    private static GroupCommand.ConsumerHeartbeat asHeartbeat(
            GroupCommand.Join join,
            ConsumerProtocolSubscription subscription,
            Set<TopicIdPartition> owned,
            ConsumerGroup group) {
        String memberId = join.identity().memberId();
        ConsumerMember known = group.members().get(memberId);
        return new GroupCommand.ConsumerHeartbeat(
                join.requestId(),
                join.groupId(),
                memberId.isEmpty() ? join.newMemberId() : memberId,
                known == null || known.current().isAway() ? 0 : known.current().epoch(),
                join.identity().instanceId(),
                subscription.rackId(),
                join.client(),
                join.timeouts().rebalanceMs(),
                subscription.topics(),
                "",
                null,
                owned,
                ClassicMetadata.of(join.timeouts().sessionMs(), join.protocols()));
    }

    Outcome sync(GroupCommand.Sync sync, ConsumerGroup group, Topics topics, long nowMs) {
        ConsumerMember member = group.members().get(sync.identity().memberId());
        ClassicMetadata classic = member == null ? null : member.metadata().classic();
        ErrorCode refusal = refusal(sync.identity(), sync.generation(), group);
        if (refusal == ErrorCode.NONE && classic != null) {
            String protocol = sync.protocolName();
            boolean differs =
                    (sync.protocolType() != null && !sync.protocolType().equals(ConsumerProtocol.TYPE))
                            || (protocol != null && !classic.supports(protocol));
            refusal = differs ? ErrorCode.INCONSISTENT_GROUP_PROTOCOL : ErrorCode.NONE;
        }
        boolean behind = member != null
                && group.epoch() > member.current().epoch()
                && member.current().state() != State.UNREVOKED;
        if (refusal == ErrorCode.NONE && behind) {
            refusal = ErrorCode.REBALANCE_IN_PROGRESS;
        }
        if (refusal != ErrorCode.NONE || member == null || classic == null) {
            return new Outcome(group, GroupAnswer.Synced.refused(sync.requestId(), refusal));
        }
        ClassicMetadata.Protocol favourite = classic.favourite();
        byte[] assignment =
                ConsumerProtocol.assignment(member.current().assigned().keySet(), favourite.metadata(), topics);
        return new Outcome(
                group.with(member.heard(nowMs)),
                new GroupAnswer.Synced(
                        sync.requestId(), ErrorCode.NONE, ConsumerProtocol.TYPE, favourite.name(), assignment));
    }

    Outcome heartbeat(GroupCommand.Heartbeat heartbeat, ConsumerGroup group, Topics topics, long nowMs) {
        ErrorCode refusal = refusal(heartbeat.identity(), heartbeat.generation(), group);
        ConsumerMember member = group.members().get(heartbeat.identity().memberId());
        if (refusal != ErrorCode.NONE || member == null) {
            return new Outcome(group, new GroupAnswer.Done(heartbeat.requestId(), refusal));
        }
        ConsumerGroup next = membership.upToDate(group, true, topics);
        boolean again = mustJoinAgain(member, next);
        ConsumerMember heard = member.heard(nowMs);
        return new Outcome(
                next.with(again ? heard.asked(nowMs) : heard),
                new GroupAnswer.Done(heartbeat.requestId(), again ? ErrorCode.REBALANCE_IN_PROGRESS : ErrorCode.NONE));
    }

    /** Whether a member gets on only by joining: to hear of a new target, to say what it has given back, to take what has become free. */
    private static boolean mustJoinAgain(ConsumerMember member, ConsumerGroup group) {
        CurrentAssignment current = member.current();
        return switch (current.state()) {
            case STABLE -> current.epoch() < group.epoch();
            case UNREVOKED -> true;
            case UNRELEASED -> current.epoch() < group.epoch() || group.hasFreeFor(member.memberId());
        };
    }

    /** What is wrong with a member's name or generation. One of the consumer protocol is not known by this one. */
    private static ErrorCode refusal(GroupCommand.Identity identity, int generation, ConsumerGroup group) {
        ErrorCode refusal = refusal(identity, group);
        ConsumerMember member = group.members().get(identity.memberId());
        if (refusal != ErrorCode.NONE || member == null) {
            return refusal;
        }
        return generation == member.current().epoch() ? ErrorCode.NONE : ErrorCode.ILLEGAL_GENERATION;
    }

    private static ErrorCode refusal(GroupCommand.Identity identity, ConsumerGroup group) {
        ConsumerMember named = group.byInstance(identity.instanceId());
        if (named != null && !named.memberId().equals(identity.memberId())) {
            return ErrorCode.FENCED_INSTANCE_ID;
        }
        ConsumerMember member = identity.instanceId() == null ? group.members().get(identity.memberId()) : named;
        return member == null || member.metadata().classic() == null ? ErrorCode.UNKNOWN_MEMBER_ID : ErrorCode.NONE;
    }
}
