// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.group;

import io.varve.broker.group.GroupCommand.Client;
import java.util.Collections;
import java.util.List;
import java.util.Objects;
import java.util.SortedSet;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * What a member of a consumer group has said about itself (KIP-848, ConsumerGroupMemberMetadata).
 *
 * <p>Threading: immutable.
 *
 * @param instanceId the name that it keeps over restarts (KIP-345), null when it has none
 * @param rackId where it runs, null when it did not say
 * @param rebalanceTimeoutMs how long it may take to give partitions back
 * @param topicNames the topics that it reads by their names
 * @param topicRegex the expression of the topics that it reads besides, null for none
 * @param assignor the way to assign that it prefers, null when it has no preference
 * @param classic what it says besides when it takes part by the classic protocol, null when it does not
 */
record MemberMetadata(
        @Nullable String instanceId,
        @Nullable String rackId,
        Client client,
        int rebalanceTimeoutMs,
        SortedSet<String> topicNames,
        @Nullable String topicRegex,
        @Nullable String assignor,
        @Nullable ClassicMetadata classic) {

    /** Of a member whose other records were read first. */
    static final MemberMetadata UNKNOWN =
            new MemberMetadata(null, null, new Client("", ""), -1, sorted(List.of()), null, null, null);

    /** What is known after a heartbeat, which says only what has changed. */
    static MemberMetadata after(MemberMetadata before, GroupCommand.ConsumerHeartbeat heartbeat) {
        String regex = heartbeat.topicRegex();
        return new MemberMetadata(
                heartbeat.instanceId() == null ? before.instanceId : heartbeat.instanceId(),
                heartbeat.rackId() == null ? before.rackId : heartbeat.rackId(),
                heartbeat.client(),
                heartbeat.rebalanceTimeoutMs() < 0 ? before.rebalanceTimeoutMs : heartbeat.rebalanceTimeoutMs(),
                heartbeat.topicNames() == null ? before.topicNames : sorted(heartbeat.topicNames()),
                regex == null ? before.topicRegex : regex.isEmpty() ? null : regex,
                heartbeat.assignor() == null ? before.assignor : heartbeat.assignor(),
                heartbeat.classic());
    }

    static SortedSet<String> sorted(List<String> names) {
        return Collections.unmodifiableSortedSet(new TreeSet<>(names));
    }

    /** Whether it would be assigned the same as another. */
    boolean wantsTheSame(MemberMetadata other) {
        return topicNames.equals(other.topicNames)
                && Objects.equals(rackId, other.rackId)
                && Objects.equals(topicRegex, other.topicRegex)
                && Objects.equals(assignor, other.assignor);
    }
}
