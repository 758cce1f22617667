// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.replica;

import io.varve.kafka.RecordBytes;
import io.varve.kafka.message.FetchRequest;
import io.varve.kafka.message.FetchRequest.FetchPartition;
import io.varve.kafka.message.FetchResponse;
import io.varve.kafka.message.FetchResponse.FetchableTopicResponse;
import io.varve.kafka.message.FetchResponse.PartitionData;
import io.varve.log.batch.BatchBuilder;
import io.varve.log.batch.BatchDescriptor;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/** What a leader answers, and short ways to look at what it is asked. */
final class Responses {

    private Responses() {}

    /** A response about partitions of the one topic there is. */
    static FetchResponse response(int sessionId, PartitionData... partitions) {
        List<FetchableTopicResponse> topics = new ArrayList<>();
        if (partitions.length > 0) {
            topics.add(new FetchableTopicResponse()
                    .topicId(RecordingFollower.TOPIC)
                    .partitions(new ArrayList<>(List.of(partitions))));
        }
        return new FetchResponse().sessionId(sessionId).responses(topics);
    }

    /** What there is of a partition. */
    static PartitionData data(int index, long highWatermark, ByteBuffer records) {
        return new PartitionData()
                .partitionIndex(index)
                .highWatermark(highWatermark)
                .logStartOffset(0)
                .abortedTransactions(null)
                .records(RecordBytes.of(records));
    }

    /** Nothing new of a partition. */
    static PartitionData nothing(int index, long highWatermark) {
        return data(index, highWatermark, ByteBuffer.allocate(0));
    }

    /** An error, and nothing else. */
    static PartitionData error(int index, short errorCode) {
        return nothing(index, -1).errorCode(errorCode).logStartOffset(-1);
    }

    /** A batch of records with a text. */
    static ByteBuffer batch(long baseOffset, int records, String text) {
        BatchBuilder builder = new BatchBuilder();
        for (int i = 0; i < records; i++) {
            builder.add(null, ByteBuffer.wrap(text.getBytes(java.nio.charset.StandardCharsets.UTF_8)));
        }
        ByteBuffer built = builder.build();
        BatchDescriptor.patch(built, built.position(), baseOffset, 3);
        ByteBuffer copy = ByteBuffer.allocate(built.remaining());
        copy.put(built).flip();
        return copy;
    }

    /** Some bytes after each other. */
    static ByteBuffer joined(ByteBuffer... pieces) {
        int bytes = 0;
        for (ByteBuffer piece : pieces) {
            bytes += piece.remaining();
        }
        ByteBuffer joined = ByteBuffer.allocate(bytes);
        for (ByteBuffer piece : pieces) {
            joined.put(piece.duplicate());
        }
        return joined.flip();
    }

    /** What is asked for, as {@code partition@offset}. */
    static List<String> asked(FetchRequest request) {
        List<String> asked = new ArrayList<>();
        request.topics().forEach(topic -> {
            for (FetchPartition partition : topic.partitions()) {
                asked.add(partition.partition() + "@" + partition.fetchOffset());
            }
        });
        return asked;
    }

    /** What is taken out of the session. */
    static List<Integer> forgotten(FetchRequest request) {
        List<Integer> forgotten = new ArrayList<>();
        request.forgottenTopicsData().forEach(topic -> forgotten.addAll(topic.partitions()));
        return forgotten;
    }
}
