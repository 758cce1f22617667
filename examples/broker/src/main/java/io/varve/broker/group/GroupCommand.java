// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.group;

import io.varve.broker.partition.TopicPartition;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What is asked of the groups. The request id names whoever waits for the answer.
 *
 * <p>Threading: immutable, as long as nobody touches the bytes.
 */
sealed interface GroupCommand {

    /** Stands for nobody: the command needs no answer. */
    long NOBODY = -1;

    long requestId();

    /**
     * A member as it names itself.
     *
     * @param memberId empty for one that has none yet
     * @param instanceId the name of a static member (KIP-345)
     */
    record Identity(String memberId, @Nullable String instanceId) {}

    /** A way to assign partitions that a member can take part in, with what it wants to say to the leader. */
    @SuppressWarnings("ArrayRecordComponent") // compared by content where it matters
    record Protocol(String name, byte[] metadata) {}

    /**
     * Wants to be in the next generation.
     *
     * @param newMemberId the id that a member without one gets
     * @param abilities what the client's version can do
     */
    record Join(
            long requestId,
            String groupId,
            Identity identity,
            Client client,
            Timeouts timeouts,
            String protocolType,
            List<Protocol> protocols,
            String newMemberId,
            Abilities abilities)
            implements GroupCommand {}

    /**
     * What a client that joins can do.
     *
     * @param idFirst to be told its id first and to come again with it (KIP-394)
     * @param skipsAssignment to be the leader without working out an assignment, when it takes its earlier place (KIP-814)
     */
    record Abilities(boolean idFirst, boolean skipsAssignment) {}

    /** Who the client is, for those who look at the group. */
    record Client(String id, String host) {}

    /** How long a member may be silent, and how long it may take to join again. */
    record Timeouts(int sessionMs, int rebalanceMs) {}

    /** Wants its assignment; the leader brings everybody's. */
    record Sync(
            long requestId,
            String groupId,
            Identity identity,
            int generation,
            @Nullable String protocolType,
            @Nullable String protocolName,
            Map<String, byte[]> assignments)
            implements GroupCommand {}

    /** Is alive. */
    record Heartbeat(long requestId, String groupId, Identity identity, int generation) implements GroupCommand {}

    /** Wants out, alone or with others. */
    record Leave(long requestId, String groupId, List<Identity> members) implements GroupCommand {}

    /**
     * Is alive, and says what it wants and has (KIP-848). What is null has not changed since the last time.
     *
     * @param epoch the epoch that the member knows; 0 to join, -1 to leave, -2 to leave and come again as a static member
     * @param topicRegex an expression of topics; an empty one takes back the one before
     * @param owned the partitions that the member has
     * @param classic what the member says besides when it takes part by the classic protocol and these are not its own words
     */
    record ConsumerHeartbeat(
            long requestId,
            String groupId,
            String memberId,
            int epoch,
            @Nullable String instanceId,
            @Nullable String rackId,
            Client client,
            int rebalanceTimeoutMs,
            @Nullable List<String> topicNames,
            @Nullable String topicRegex,
            @Nullable String assignor,
            @Nullable Set<TopicIdPartition> owned,
            @Nullable ClassicMetadata classic)
            implements GroupCommand {

        /** Whether the member says all that it can. */
        boolean isFull() {
            return rebalanceTimeoutMs >= 0 && (topicNames != null || topicRegex != null) && owned != null;
        }
    }

    /**
     * Wants offsets to be remembered; generation -1 for a consumer that is in no group.
     *
     * @param generation in a consumer group of KIP-848, the epoch of the member
     */
    record Commit(
            long requestId,
            String groupId,
            Identity identity,
            int generation,
            Map<TopicPartition, CommittedOffset> offsets)
            implements GroupCommand {}

    /** Wants a group without members to be forgotten. */
    record Delete(long requestId, String groupId) implements GroupCommand {}

    /** Wants offsets to be forgotten. */
    record DeleteOffsets(long requestId, String groupId, List<TopicPartition> partitions) implements GroupCommand {}

    /** These are the topics of the cluster from now on. */
    record KnowTopics(Topics topics) implements GroupCommand {
        @Override
        public long requestId() {
            return NOBODY;
        }
    }

    /** Topics are no more, and with them all that was committed for them. */
    record ForgetTopics(Set<String> topics) implements GroupCommand {
        @Override
        public long requestId() {
            return NOBODY;
        }
    }

    /** Time has passed. */
    record Tick() implements GroupCommand {
        @Override
        public long requestId() {
            return NOBODY;
        }
    }

    /** Offsets that nobody needs any more are to be forgotten. */
    record ExpireOffsets() implements GroupCommand {
        @Override
        public long requestId() {
            return NOBODY;
        }
    }
}
