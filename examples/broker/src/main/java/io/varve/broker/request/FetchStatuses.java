// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.request;

import io.varve.kafka.message.FetchResponse.EpochEndOffset;
import io.varve.kafka.message.FetchResponse.PartitionData;
import io.varve.replication.partition.EpochEnd;
import io.varve.replication.partition.FetchStatus;
import org.jspecify.annotations.Nullable;

/**
 * What comes of a fetch, in Kafka's protocol and back. Two pairs of outcomes look the same there: logs that diverge are no error, they are
 * told by where they do; and a replica that the leader does not know has, to both, metadata that will come.
 */
public final class FetchStatuses {

    private FetchStatuses() {}

    /** The error that says so. With {@link FetchStatus#DIVERGING} the response also says where: {@link #diverging(EpochEnd)}. */
    public static ErrorCode error(FetchStatus status) {
        return switch (status) {
            case OK, DIVERGING -> ErrorCode.NONE;
            case OFFSET_OUT_OF_RANGE -> ErrorCode.OFFSET_OUT_OF_RANGE;
            case OFFSET_NOT_AVAILABLE -> ErrorCode.OFFSET_NOT_AVAILABLE;
            case NOT_LEADER -> ErrorCode.NOT_LEADER_OR_FOLLOWER;
            case FENCED_EPOCH -> ErrorCode.FENCED_LEADER_EPOCH;
            case UNKNOWN_EPOCH, UNKNOWN_REPLICA -> ErrorCode.UNKNOWN_LEADER_EPOCH;
            case FENCED_BROKER -> ErrorCode.STALE_BROKER_EPOCH;
        };
    }

    /**
     * What an error says of the fetch.
     *
     * @return {@link FetchStatus#OK} also when the logs diverge; null when it says that reading has failed
     */
    public static @Nullable FetchStatus of(short errorCode) {
        ErrorCode error = ErrorCode.find(errorCode);
        if (error == null) {
            return null;
        }
        return switch (error) {
            case NONE -> FetchStatus.OK;
            case OFFSET_OUT_OF_RANGE -> FetchStatus.OFFSET_OUT_OF_RANGE;
            case OFFSET_NOT_AVAILABLE -> FetchStatus.OFFSET_NOT_AVAILABLE;
            case NOT_LEADER_OR_FOLLOWER,
                    LEADER_NOT_AVAILABLE,
                    UNKNOWN_TOPIC_ID,
                    INCONSISTENT_TOPIC_ID,
                    UNKNOWN_TOPIC_OR_PARTITION -> FetchStatus.NOT_LEADER;
            case FENCED_LEADER_EPOCH -> FetchStatus.FENCED_EPOCH;
            case UNKNOWN_LEADER_EPOCH -> FetchStatus.UNKNOWN_EPOCH;
            case STALE_BROKER_EPOCH -> FetchStatus.FENCED_BROKER;
            default -> null;
        };
    }

    /** Where the logs diverge, for a response. */
    public static EpochEndOffset diverging(EpochEnd end) {
        return new EpochEndOffset().epoch(end.epoch()).endOffset(end.endOffset());
    }

    /** Where the logs diverge, as a response says; null when they do not. A leader that knows no epoch that early says only the offset. */
    public static @Nullable EpochEnd diverging(PartitionData data) {
        EpochEndOffset end = data.divergingEpoch();
        return end.endOffset() < 0 ? null : new EpochEnd(end.epoch(), end.endOffset());
    }
}
