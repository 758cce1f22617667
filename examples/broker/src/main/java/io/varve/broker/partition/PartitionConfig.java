// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.partition;

import io.varve.broker.config.ConfigValues;
import io.varve.log.FlushPolicy;
import io.varve.log.LogConfig;
import io.varve.log.RetentionPolicy;
import io.varve.log.batch.Compression;
import java.time.Duration;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * What a topic's configuration means for each of its partitions.
 *
 * <p>Threading: immutable.
 *
 * @param log for the log
 * @param compression the codec that batches are stored with; null keeps what the producer chose
 * @param appendTime whether the broker's clock stamps records
 * @param timestampBeforeMaxMs how far a producer's timestamp may lie before the broker's clock
 * @param timestampAfterMaxMs how far it may lie after
 * @param compacted whether records need keys
 * @param minInsyncReplicas below how many replicas in sync an append that wants all of them is refused
 * @param flushMs how long a record may wait to be durable, milliseconds
 */
record PartitionConfig(
        LogConfig log,
        @Nullable Compression compression,
        boolean appendTime,
        long timestampBeforeMaxMs,
        long timestampAfterMaxMs,
        boolean compacted,
        int minInsyncReplicas,
        long flushMs) {

    static PartitionConfig of(ConfigValues topic) {
        boolean deletes = topic.listValue("cleanup.policy").contains("delete");
        LogConfig log = LogConfig.builder()
                .segmentBytes(topic.intValue("segment.bytes"))
                .segmentAge(Duration.ofMillis(topic.longValue("segment.ms")))
                .indexIntervalBytes(Math.max(1, topic.intValue("index.interval.bytes")))
                .maxBatchBytes(Math.max(1, topic.intValue("max.message.bytes")))
                .flushPolicy(FlushPolicy.everyRecords(topic.longValue("flush.messages")))
                .retention(
                        deletes
                                ? new RetentionPolicy(
                                        topic.longValue("retention.ms"), topic.longValue("retention.bytes"))
                                : RetentionPolicy.FOREVER)
                .build();
        return new PartitionConfig(
                log,
                compression(topic.stringValue("compression.type")),
                topic.stringValue("message.timestamp.type").equals("LogAppendTime"),
                topic.longValue("message.timestamp.before.max.ms"),
                topic.longValue("message.timestamp.after.max.ms"),
                topic.listValue("cleanup.policy").contains("compact"),
                topic.intValue("min.insync.replicas"),
                topic.longValue("flush.ms"));
    }

    private static @Nullable Compression compression(String name) {
        return switch (name) {
            case "producer" -> null;
            case "uncompressed" -> Compression.NONE;
            default -> Compression.valueOf(name.toUpperCase(Locale.ROOT));
        };
    }
}
