// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.group;

import io.varve.broker.group.GroupCommand.Protocol;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A consumer group as of one moment, in the classic protocol.
 *
 * <p>States: EMPTY without members; PREPARING while members may join the next generation; COMPLETING while the leader works out the
 * assignment; STABLE when everybody has it. From EMPTY and STABLE to PREPARING when somebody joins or goes; from PREPARING to COMPLETING
 * when all have joined or the time is up, or to EMPTY when nobody is left; from COMPLETING to STABLE when the leader brings the
 * assignment, or back to PREPARING.
 *
 * <p>Threading: immutable.
 *
 * @param members the members by their ids, in the order of their coming
 * @param pending ids that were given out and when they are void, for members that have to come again with them
 * @param rebalance when the present rebalance began and must end
 * @param sinceMs when the group came into its state, milliseconds since the epoch
 */
record Group(
        String id,
        State state,
        @Nullable String protocolType,
        @Nullable String protocolName,
        int generation,
        @Nullable String leaderId,
        Map<String, Member> members,
        Map<String, Long> pending,
        Rebalance rebalance,
        long sinceMs) {

    /** What a group is at. */
    enum State {
        EMPTY("Empty"),
        PREPARING("PreparingRebalance"),
        COMPLETING("CompletingRebalance"),
        STABLE("Stable");

        private final String label;

        State(String label) {
            this.label = label;
        }

        /** The name that clients are told. */
        String label() {
            return label;
        }
    }

    /**
     * The times of a rebalance.
     *
     * @param startMs when it began
     * @param waitUntilMs until when an empty group waits for more members; 0 for a group that had some
     * @param deadlineMs when it ends even without those who are missing
     */
    record Rebalance(long startMs, long waitUntilMs, long deadlineMs) {
        static final Rebalance NONE = new Rebalance(0, 0, Long.MAX_VALUE);
    }

    static Group empty(String id, long nowMs) {
        return new Group(id, State.EMPTY, null, null, 0, null, Map.of(), Map.of(), Rebalance.NONE, nowMs);
    }

    Group withMember(Member member) {
        Map<String, Member> next = new LinkedHashMap<>(members);
        next.put(member.memberId(), member);
        return withMembers(next);
    }

    Group withoutMember(String memberId) {
        Map<String, Member> next = new LinkedHashMap<>(members);
        next.remove(memberId);
        return withMembers(next);
    }

    Group withMembers(Map<String, Member> next) {
        return new Group(
                id,
                state,
                protocolType,
                protocolName,
                generation,
                leaderId,
                Collections.unmodifiableMap(next),
                pending,
                rebalance,
                sinceMs);
    }

    Group withPending(String memberId, long untilMs) {
        Map<String, Long> next = new HashMap<>(pending);
        next.put(memberId, untilMs);
        return withPending(next);
    }

    Group withoutPending(String memberId) {
        if (!pending.containsKey(memberId)) {
            return this;
        }
        Map<String, Long> next = new HashMap<>(pending);
        next.remove(memberId);
        return withPending(next);
    }

    Group withPending(Map<String, Long> next) {
        return new Group(
                id,
                state,
                protocolType,
                protocolName,
                generation,
                leaderId,
                members,
                Map.copyOf(next),
                rebalance,
                sinceMs);
    }

    Group withProtocolType(String type) {
        return new Group(id, state, type, protocolName, generation, leaderId, members, pending, rebalance, sinceMs);
    }

    Group withProtocolName(@Nullable String name) {
        return new Group(id, state, protocolType, name, generation, leaderId, members, pending, rebalance, sinceMs);
    }

    Group withLeader(@Nullable String leader) {
        return new Group(
                id, state, protocolType, protocolName, generation, leader, members, pending, rebalance, sinceMs);
    }

    Group in(State next, Rebalance times, long nowMs) {
        return new Group(id, next, protocolType, protocolName, generation, leaderId, members, pending, times, nowMs);
    }

    /** The next generation, with its protocol and leader. */
    Group generation(State next, @Nullable String protocol, @Nullable String leader, Rebalance times, long nowMs) {
        return new Group(id, next, protocolType, protocol, generation + 1, leader, members, pending, times, nowMs);
    }

    boolean isLeader(String memberId) {
        return memberId.equals(leaderId);
    }

    /** The member that a static name belongs to. */
    @Nullable
    Member byInstance(@Nullable String instanceId) {
        if (instanceId == null) {
            return null;
        }
        return members.values().stream()
                .filter(member -> instanceId.equals(member.instanceId()))
                .findFirst()
                .orElse(null);
    }

    /** The longest that a member may take to join again. */
    int rebalanceTimeoutMs() {
        return members.values().stream()
                .mapToInt(member -> member.timeouts().rebalanceMs())
                .max()
                .orElse(0);
    }

    /** Whether every member knows one of these protocols. */
    boolean supportsOneOf(List<Protocol> protocols) {
        return protocols.stream()
                .anyMatch(protocol -> members.values().stream().allMatch(member -> member.supports(protocol.name())));
    }

    /** The protocol that most members like best among those that all know. */
    @Nullable
    String elect() {
        Collection<Member> voters = members.values();
        Map<String, Integer> votes = new LinkedHashMap<>();
        for (Member voter : voters) {
            List<String> known = new ArrayList<>();
            voter.protocols().forEach(protocol -> known.add(protocol.name()));
            known.removeIf(name -> !voters.stream().allMatch(member -> member.supports(name)));
            if (!known.isEmpty()) {
                votes.merge(known.get(0), 1, Integer::sum);
            }
        }
        return votes.entrySet().stream()
                .max(Map.Entry.comparingByValue())
                .map(Map.Entry::getKey)
                .orElse(null);
    }
}
