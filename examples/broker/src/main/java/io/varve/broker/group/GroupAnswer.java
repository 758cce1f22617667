// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.group;

import io.varve.broker.partition.TopicPartition;
import io.varve.broker.request.ErrorCode;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What somebody who waits is told.
 *
 * <p>Threading: immutable.
 */
sealed interface GroupAnswer {

    /** Who is told. */
    long requestId();

    /** Nothing but an error, or NONE. */
    record Done(long requestId, ErrorCode error) implements GroupAnswer {}

    /** The outcome of a join; the members are for the leader only, which skips the assignment when the present one stays. */
    record Joined(
            long requestId,
            ErrorCode error,
            String memberId,
            int generation,
            String leaderId,
            @Nullable String protocolType,
            @Nullable String protocolName,
            List<Member> members,
            boolean skipAssignment)
            implements GroupAnswer {

        static Joined refused(long requestId, ErrorCode error, String memberId) {
            return new Joined(requestId, error, memberId, -1, "", null, null, List.of(), false);
        }
    }

    /** The outcome of a sync. */
    @SuppressWarnings("ArrayRecordComponent") // handed over, never compared
    record Synced(
            long requestId,
            ErrorCode error,
            @Nullable String protocolType,
            @Nullable String protocolName,
            byte[] assignment)
            implements GroupAnswer {

        static Synced refused(long requestId, ErrorCode error) {
            return new Synced(requestId, error, null, null, new byte[0]);
        }
    }

    /** The outcome of a heartbeat in a consumer group; {@code assigned} is null when the member knows what it has. */
    record Heard(
            long requestId,
            ErrorCode error,
            @Nullable String message,
            String memberId,
            int epoch,
            int heartbeatIntervalMs,
            @Nullable Set<TopicIdPartition> assigned)
            implements GroupAnswer {

        static Heard refused(GroupCommand.ConsumerHeartbeat heartbeat, ErrorCode error, String message) {
            return new Heard(heartbeat.requestId(), error, message, heartbeat.memberId(), 0, 0, null);
        }
    }

    /** The outcome for each member that was to leave. */
    record Left(long requestId, List<ErrorCode> errors) implements GroupAnswer {}

    /** The outcome for each partition, and for the request as a whole. */
    record ByPartition(long requestId, ErrorCode error, Map<TopicPartition, ErrorCode> errors) implements GroupAnswer {}
}
