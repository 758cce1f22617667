// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.config;

import static io.varve.broker.config.ConfigKey.key;
import static io.varve.broker.config.ConfigType.BOOLEAN;
import static io.varve.broker.config.ConfigType.DOUBLE;
import static io.varve.broker.config.ConfigType.INT;
import static io.varve.broker.config.ConfigType.LIST;
import static io.varve.broker.config.ConfigType.LONG;
import static io.varve.broker.config.ConfigType.STRING;

import java.util.List;

/** The keys of a topic; what a topic does not set comes from the broker keys that are their synonyms. */
final class TopicKeys {

    static final List<ConfigKey> ALL = List.of(
            key("cleanup.policy", LIST, "delete")
                    .must(ValueRule.eachOneOf("delete", "compact"))
                    .synonym("log.cleanup.policy")
                    .dynamic()
                    .doc(
                            "What is done with old records: delete them by time and size, compact to the last of each key,"
                                    + " or both.",
                            "Use compact for tables of current values."),
            key("compression.type", STRING, "producer")
                    .must(ValueRule.oneOf("uncompressed", "zstd", "lz4", "snappy", "gzip", "producer"))
                    .synonym("compression.type")
                    .dynamic()
                    .doc(
                            "The codec batches are stored with; producer keeps what the producer chose.",
                            "Leave it: recompressing costs the broker time."),
            key("compression.gzip.level", INT, -1)
                    .must(ValueRule.between(1, 9).orMinusOne())
                    .synonym("compression.gzip.level")
                    .dynamic()
                    .withoutEffect(LogKeys.CODEC_LEVEL)
                    .doc(
                            "The level used when compression.type is gzip; -1 for its default.",
                            "Raise it to save space."),
            key("compression.lz4.level", INT, 9)
                    .must(ValueRule.between(1, 17))
                    .synonym("compression.lz4.level")
                    .dynamic()
                    .withoutEffect(LogKeys.CODEC_LEVEL)
                    .doc("The level used when compression.type is lz4.", "Raise it to save space."),
            key("compression.zstd.level", INT, 3)
                    .must(ValueRule.between(-131072, 22))
                    .synonym("compression.zstd.level")
                    .dynamic()
                    .withoutEffect(LogKeys.CODEC_LEVEL)
                    .doc("The level used when compression.type is zstd.", "Raise it to save space."),
            key("delete.retention.ms", LONG, 86400000)
                    .atLeast(0)
                    .synonym("log.cleaner.delete.retention.ms")
                    .dynamic()
                    .doc(
                            "Milliseconds for which a compacted log keeps its tombstones.",
                            "Raise it for consumers that lag."),
            key("file.delete.delay.ms", LONG, 60000)
                    .atLeast(0)
                    .synonym("log.segment.delete.delay.ms")
                    .dynamic()
                    .withoutEffect("the files of deleted segments go at once and stay readable for reads in flight")
                    .doc(
                            "Milliseconds between taking a segment out of the log and deleting its files.",
                            "No need here."),
            key("flush.messages", LONG, Long.MAX_VALUE)
                    .atLeast(1)
                    .synonym("log.flush.interval.messages")
                    .dynamic()
                    .doc(
                            "Records after which a partition is forced to disk before the append is answered.",
                            "Set it to 1 when a loss of power must lose nothing."),
            key("flush.ms", LONG, Long.MAX_VALUE)
                    .atLeast(0)
                    .synonym("log.flush.interval.ms")
                    .synonym("log.flush.scheduler.interval.ms")
                    .dynamic()
                    .doc(
                            "Milliseconds for which a record may stay in the operating system's memory before it is forced to"
                                    + " disk.",
                            "Set it to bound the loss when a machine loses power."),
            key("index.interval.bytes", INT, 4096)
                    .atLeast(0)
                    .synonym("log.index.interval.bytes")
                    .dynamic()
                    .doc(
                            "Bytes of log between two index entries.",
                            "Raise it for a smaller index, lower it for fewer bytes read per lookup."),
            key("leader.replication.throttled.replicas", LIST, "")
                    .must(ValueRule.replicas())
                    .dynamic()
                    .doc(
                            "Replicas that get no more than leader.replication.throttled.rate from a broker while they are not in sync:"
                                    + " partition:broker of the leader, or *.",
                            "Set it for a reassignment by hand; Kafka's tool does with --throttle."),
            key("max.compaction.lag.ms", LONG, Long.MAX_VALUE)
                    .atLeast(1)
                    .synonym("log.cleaner.max.compaction.lag.ms")
                    .dynamic()
                    .doc(
                            "Milliseconds after which a record must be compacted.",
                            "Set it when old values must vanish in time."),
            key("max.message.bytes", INT, 1048588)
                    .atLeast(0)
                    .synonym("message.max.bytes")
                    .dynamic()
                    .doc(
                            "The largest batch in bytes, after compression, that a producer may send.",
                            "Raise it for large records, together with the consumers' fetch sizes."),
            key("message.timestamp.after.max.ms", LONG, 3600000)
                    .atLeast(0)
                    .synonym("log.message.timestamp.after.max.ms")
                    .dynamic()
                    .doc(
                            "Milliseconds by which a producer's timestamp may lie after the broker's clock.",
                            "Raise it only for producers that date records ahead on purpose."),
            key("message.timestamp.before.max.ms", LONG, Long.MAX_VALUE)
                    .atLeast(0)
                    .synonym("log.message.timestamp.before.max.ms")
                    .dynamic()
                    .doc(
                            "Milliseconds by which a producer's timestamp may lie before the broker's clock.",
                            "Lower it to refuse old records."),
            key("message.timestamp.type", STRING, "CreateTime")
                    .must(ValueRule.oneOf("CreateTime", "LogAppendTime"))
                    .synonym("log.message.timestamp.type")
                    .dynamic()
                    .doc(
                            "Whose clock stamps a record: the producer's (CreateTime) or the broker's (LogAppendTime).",
                            "Use LogAppendTime when producers' clocks cannot be trusted."),
            key("min.cleanable.dirty.ratio", DOUBLE, 0.5)
                    .must(ValueRule.between(0, 1))
                    .synonym("log.cleaner.min.cleanable.ratio")
                    .dynamic()
                    .doc(
                            "The share of a log, as a fraction, that must be new before it is compacted.",
                            "Lower it to save space at the cost of work."),
            key("min.compaction.lag.ms", LONG, 0)
                    .atLeast(0)
                    .synonym("log.cleaner.min.compaction.lag.ms")
                    .dynamic()
                    .doc(
                            "Milliseconds for which a record is safe from compaction.",
                            "Raise it to let consumers see every record."),
            key("min.insync.replicas", INT, 1)
                    .atLeast(1)
                    .synonym("min.insync.replicas")
                    .dynamic()
                    .doc(
                            "In-sync replicas below which a produce with acks=all is refused.",
                            "Set it to 2 with three replicas."),
            key("preallocate", BOOLEAN, false)
                    .synonym("log.preallocate")
                    .dynamic()
                    .withoutEffect(LogKeys.NO_PREALLOCATION)
                    .doc("Whether a segment's space is taken when it is begun.", "No need on Linux."),
            key("retention.bytes", LONG, -1)
                    .atLeast(-1)
                    .synonym("log.retention.bytes")
                    .dynamic()
                    .doc(
                            "Bytes of a partition above which its oldest segments are deleted; -1 for no bound.",
                            "Set it when disk space matters more than time."),
            key("retention.ms", LONG, 604800000)
                    .atLeast(-1)
                    .synonym("log.retention.ms")
                    .synonym("log.retention.minutes", LogKeys.MINUTE_MS)
                    .synonym("log.retention.hours", LogKeys.HOUR_MS)
                    .dynamic()
                    .doc(
                            "Milliseconds for which records are kept, by the latest timestamp of their segment; -1 for ever.",
                            "Set it to the time consumers may lag behind."),
            key("segment.bytes", INT, 1073741824)
                    .atLeast(1048576)
                    .synonym("log.segment.bytes")
                    .dynamic()
                    .doc(
                            "Bytes after which a segment is sealed and a new one begun.",
                            "Lower it when retention must remove data in smaller steps."),
            key("segment.index.bytes", INT, 10485760)
                    .atLeast(4)
                    .synonym("log.index.size.max.bytes")
                    .dynamic()
                    .withoutEffect(LogKeys.INDEX_GROWS)
                    .doc("Bytes of an offset index after which its segment is sealed.", "There is hardly a reason to."),
            key("segment.jitter.ms", LONG, 0)
                    .atLeast(0)
                    .synonym("log.roll.jitter.ms")
                    .synonym("log.roll.jitter.hours", LogKeys.HOUR_MS)
                    .dynamic()
                    .withoutEffect(LogKeys.NO_JITTER)
                    .doc(
                            "Milliseconds by which, at most and at random, a segment is sealed earlier.",
                            "Set it when many partitions roll at the same moment."),
            key("segment.ms", LONG, 604800000)
                    .atLeast(1)
                    .synonym("log.roll.ms")
                    .synonym("log.roll.hours", LogKeys.HOUR_MS)
                    .dynamic()
                    .doc(
                            "Milliseconds after which a segment is sealed even when it is not full.",
                            "Lower it when retention by time must act sooner on slow topics."),
            key("unclean.leader.election.enable", BOOLEAN, false)
                    .synonym("unclean.leader.election.enable")
                    .dynamic()
                    .doc(
                            "Whether a replica that is not in sync may lead when no other is left, losing records.",
                            "Leave it off unless serving matters more than the data."));

    private TopicKeys() {}
}
