// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.data;

import io.varve.broker.partition.Partition;
import io.varve.broker.partition.Partitions;
import io.varve.broker.request.ApiHandler;
import io.varve.broker.request.ErrorCode;
import io.varve.broker.request.ErrorMapping;
import io.varve.broker.request.Reply;
import io.varve.broker.request.RequestContext;
import io.varve.kafka.message.ApiKey;
import io.varve.kafka.message.OffsetForLeaderEpochRequest;
import io.varve.kafka.message.OffsetForLeaderEpochRequest.OffsetForLeaderPartition;
import io.varve.kafka.message.OffsetForLeaderEpochRequest.OffsetForLeaderTopic;
import io.varve.kafka.message.OffsetForLeaderEpochResponse;
import io.varve.kafka.message.OffsetForLeaderEpochResponse.EpochEndOffset;
import io.varve.kafka.message.OffsetForLeaderEpochResponse.OffsetForLeaderTopicResult;
import io.varve.log.CommitLog.OffsetAndEpoch;
import java.util.ArrayList;
import java.util.List;

/**
 * Tells where leader epochs ended, so that a consumer finds out whether what it has read is still there (KIP-320).
 *
 * <p>Threading: safe.
 */
public final class OffsetForLeaderEpochHandler
        implements ApiHandler<OffsetForLeaderEpochRequest, OffsetForLeaderEpochResponse> {

    private final Partitions partitions;

    public OffsetForLeaderEpochHandler(Partitions partitions) {
        this.partitions = partitions;
    }

    @Override
    public ApiKey api() {
        return ApiKey.OFFSET_FOR_LEADER_EPOCH;
    }

    @Override
    public void handle(
            RequestContext context, OffsetForLeaderEpochRequest request, Reply<OffsetForLeaderEpochResponse> reply) {
        List<OffsetForLeaderTopicResult> topics = new ArrayList<>();
        for (OffsetForLeaderTopic topic : request.topics()) {
            List<EpochEndOffset> results = new ArrayList<>();
            topic.partitions().forEach(wanted -> results.add(find(topic.topic(), wanted)));
            topics.add(new OffsetForLeaderTopicResult().topic(topic.topic()).partitions(results));
        }
        reply.send(new OffsetForLeaderEpochResponse().topics(topics));
    }

    /** Epochs are in memory: no lane is needed. */
    private EpochEndOffset find(String topic, OffsetForLeaderPartition wanted) {
        EpochEndOffset result = new EpochEndOffset().partition(wanted.partition());
        Partition partition = partitions.find(topic, wanted.partition());
        if (partition == null) {
            return result.errorCode(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION.code());
        }
        try {
            partition.requireLeader(wanted.currentLeaderEpoch());
            // The leader's own epoch is known before anything was appended in it.
            OffsetAndEpoch end = wanted.leaderEpoch() == partition.leaderEpoch()
                    ? new OffsetAndEpoch(partition.log().endOffset(), partition.leaderEpoch())
                    : partition.log().endOffsetOf(wanted.leaderEpoch());
            if (end.epoch() < 0
                    && wanted.leaderEpoch() < partition.leaderEpoch()
                    && partition.log().epoch() >= 0) {
                end = new OffsetAndEpoch(
                        partition.log().endOffset(), partition.log().epoch());
            }
            return result.leaderEpoch(end.epoch()).endOffset(end.offset());
        } catch (RuntimeException e) {
            return result.errorCode(ErrorMapping.of(e).code());
        }
    }
}
