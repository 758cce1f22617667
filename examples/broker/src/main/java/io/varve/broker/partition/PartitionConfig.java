// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.partition;

import io.varve.broker.config.ConfigValues;
import io.varve.log.FlushPolicy;
import io.varve.log.LogConfig;
import io.varve.log.RetentionPolicy;
import io.varve.log.batch.Compression;
import io.varve.log.compact.CompactionPolicy;
import io.varve.log.compact.LatestRecords;
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
 */
record PartitionConfig(
        LogConfig log,
        @Nullable Compression compression,
        boolean appendTime,
        long timestampBeforeMaxMs,
        long timestampAfterMaxMs,
        boolean compacted) {

    /**
     * @param topic values of the topic
     * @param broker values of the broker
     */
    static PartitionConfig of(ConfigValues topic, ConfigValues broker) {
        boolean compacted = topic.listValue("cleanup.policy").contains("compact");
        boolean deletes = topic.listValue("cleanup.policy").contains("delete");
        LogConfig log = LogConfig.builder()
                .segmentBytes(topic.intValue("segment.bytes"))
                .segmentAge(Duration.ofMillis(segmentMs(topic, compacted)))
                .indexIntervalBytes(Math.max(1, topic.intValue("index.interval.bytes")))
                .maxBatchBytes(Math.max(1, topic.intValue("max.message.bytes")))
                .flushPolicy(
                        new FlushPolicy(topic.longValue("flush.messages"), Long.MAX_VALUE, topic.longValue("flush.ms")))
                .retentionCheck(Duration.ofMillis(broker.longValue("log.retention.check.interval.ms")))
                .retention(
                        deletes
                                ? new RetentionPolicy(
                                        topic.longValue("retention.ms"), topic.longValue("retention.bytes"))
                                : RetentionPolicy.FOREVER)
                .compaction(compacted && broker.booleanValue("log.cleaner.enable") ? compaction(topic, broker) : null)
                .build();
        return new PartitionConfig(
                log,
                compression(topic.stringValue("compression.type")),
                topic.stringValue("message.timestamp.type").equals("LogAppendTime"),
                topic.longValue("message.timestamp.before.max.ms"),
                topic.longValue("message.timestamp.after.max.ms"),
                compacted);
    }

    /** What is in the active segment is not compacted, so it must not stay there for longer than the lag allows. */
    private static long segmentMs(ConfigValues topic, boolean compacted) {
        long segmentMs = topic.longValue("segment.ms");
        return compacted ? Math.min(segmentMs, topic.longValue("max.compaction.lag.ms")) : segmentMs;
    }

    /** Memory and disk are shared evenly by the threads, each of which compacts one log at a time. */
    private static CompactionPolicy compaction(ConfigValues topic, ConfigValues broker) {
        int threads = Math.max(1, broker.intValue("log.cleaner.threads"));
        long memoryBytes = broker.longValue("log.cleaner.dedupe.buffer.size") / threads;
        double bytesPerSecond = broker.doubleValue("log.cleaner.io.max.bytes.per.second") / threads;
        return CompactionPolicy.builder()
                .minDirtyRatio(topic.doubleValue("min.cleanable.dirty.ratio"))
                .minLagMs(topic.longValue("min.compaction.lag.ms"))
                .maxLagMs(topic.longValue("max.compaction.lag.ms"))
                .deleteRetentionMs(topic.longValue("delete.retention.ms"))
                .memoryBytes(
                        (int) Math.max(LatestRecords.SMALLEST_MEMORY_BYTES, Math.min(Integer.MAX_VALUE, memoryBytes)))
                .bytesPerSecond(Math.max(1, (long) bytesPerSecond))
                .maxBatchBytes(Math.max(CompactionPolicy.DEFAULT_MAX_BATCH_BYTES, topic.intValue("max.message.bytes")))
                .build();
    }

    private static @Nullable Compression compression(String name) {
        return switch (name) {
            case "producer" -> null;
            case "uncompressed" -> Compression.NONE;
            default -> Compression.valueOf(name.toUpperCase(Locale.ROOT));
        };
    }
}
