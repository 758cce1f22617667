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

/** The broker's keys of log directories and of the logs in them; most are the defaults of a topic key. */
final class LogKeys {

    static final String NO_PREALLOCATION = "segments grow as they are written";
    static final String NO_JITTER = "a segment is sealed at its age, without a random part";
    static final String INDEX_GROWS = "an index grows with its segment";
    static final String CODEC_LEVEL = "batches are compressed at the codec's own level";
    static final long HOUR_MS = 3_600_000;
    static final long MINUTE_MS = 60_000;

    static final List<ConfigKey> ALL = List.of(
            key("log.dirs", LIST, null)
                    .must(ValueRule.NOT_EMPTY)
                    .synonym("log.dir")
                    .doc(
                            "The directories that hold the logs, between commas; new partitions go to the one with the fewest.",
                            "Give one directory per disk."),
            key("log.dir", LIST, "/tmp/varve/data")
                    .must(ValueRule.NOT_EMPTY)
                    .doc("The log directory when log.dirs is not set.", "Change it: /tmp does not survive everywhere."),
            key("num.recovery.threads.per.data.dir", INT, 2)
                    .atLeast(1)
                    .withoutEffect("logs are opened by the threads of num.io.threads")
                    .doc(
                            "Threads per log directory that open and recover logs at the start.",
                            "Raise it on fast disks with many partitions."),
            key("log.segment.bytes", INT, 1073741824)
                    .atLeast(1048576)
                    .dynamic()
                    .doc(
                            "Bytes after which a segment is sealed and a new one begun.",
                            "Lower it when retention must remove data in smaller steps."),
            key("log.roll.ms", LONG, null)
                    .atLeast(1)
                    .dynamic()
                    .synonym("log.roll.hours", HOUR_MS)
                    .doc(
                            "Milliseconds after which a segment is sealed even when it is not full.",
                            "Lower it when retention by time must act sooner on slow topics."),
            key("log.roll.hours", INT, 168)
                    .atLeast(1)
                    .doc(
                            "Hours after which a segment is sealed; log.roll.ms goes before it.",
                            "Use log.roll.ms for finer steps."),
            key("log.roll.jitter.ms", LONG, null)
                    .atLeast(0)
                    .dynamic()
                    .synonym("log.roll.jitter.hours", HOUR_MS)
                    .withoutEffect(NO_JITTER)
                    .doc(
                            "Milliseconds by which, at most and at random, a segment is sealed earlier.",
                            "Set it when many partitions roll at the same moment."),
            key("log.roll.jitter.hours", INT, 0)
                    .atLeast(0)
                    .withoutEffect(NO_JITTER)
                    .doc(
                            "Hours by which, at most and at random, a segment is sealed earlier; log.roll.jitter.ms goes"
                                    + " before it.",
                            "Use log.roll.jitter.ms for finer steps."),
            key("log.retention.ms", LONG, null)
                    .atLeast(-1)
                    .dynamic()
                    .synonym("log.retention.minutes", MINUTE_MS)
                    .synonym("log.retention.hours", HOUR_MS)
                    .doc(
                            "Milliseconds for which records are kept, by the latest timestamp of their segment; -1 for ever.",
                            "Set it to the time consumers may lag behind."),
            key("log.retention.minutes", INT, null)
                    .atLeast(-1)
                    .doc(
                            "Minutes for which records are kept; log.retention.ms goes before it.",
                            "Use one of the three units only."),
            key("log.retention.hours", INT, 168)
                    .atLeast(-1)
                    .doc(
                            "Hours for which records are kept; log.retention.minutes and log.retention.ms go before it.",
                            "Use one of the three units only."),
            key("log.retention.bytes", LONG, -1)
                    .atLeast(-1)
                    .dynamic()
                    .doc(
                            "Bytes of a partition above which its oldest segments are deleted; -1 for no bound.",
                            "Set it when disk space matters more than time."),
            key("log.retention.check.interval.ms", LONG, 300000)
                    .atLeast(1)
                    .doc("Milliseconds between two looks for segments to delete.", "Lower it for short retention."),
            key("log.cleanup.policy", LIST, "delete")
                    .must(ValueRule.eachOneOf("delete", "compact"))
                    .dynamic()
                    .doc(
                            "What is done with old records: delete them by time and size, compact to the last of each key,"
                                    + " or both.",
                            "Prefer to set cleanup.policy on a topic."),
            key("log.segment.delete.delay.ms", LONG, 60000)
                    .atLeast(0)
                    .dynamic()
                    .withoutEffect("the files of deleted segments go at once and stay readable for reads in flight")
                    .doc(
                            "Milliseconds between taking a segment out of the log and deleting its files.",
                            "No need here."),
            key("log.index.size.max.bytes", INT, 10485760)
                    .atLeast(4)
                    .dynamic()
                    .withoutEffect(INDEX_GROWS)
                    .doc("Bytes of an offset index after which its segment is sealed.", "There is hardly a reason to."),
            key("log.index.interval.bytes", INT, 4096)
                    .atLeast(0)
                    .dynamic()
                    .doc(
                            "Bytes of log between two index entries.",
                            "Raise it for a smaller index, lower it for fewer bytes read per lookup."),
            key("log.flush.interval.messages", LONG, Long.MAX_VALUE)
                    .atLeast(1)
                    .dynamic()
                    .doc(
                            "Records of a partition after which it is forced to disk before the append is answered.",
                            "Set it to 1 when one broker's loss of power must lose nothing."),
            key("log.flush.interval.ms", LONG, null)
                    .atLeast(0)
                    .dynamic()
                    .synonym("log.flush.scheduler.interval.ms")
                    .doc(
                            "Milliseconds for which a record may stay in the operating system's memory before it is forced to"
                                    + " disk.",
                            "Set it to bound the loss when a machine loses power."),
            key("log.flush.scheduler.interval.ms", LONG, Long.MAX_VALUE)
                    .atLeast(1)
                    .doc(
                            "Milliseconds between two looks for records to force to disk; also the default of"
                                    + " log.flush.interval.ms.",
                            "Set log.flush.interval.ms instead."),
            key("log.message.timestamp.type", STRING, "CreateTime")
                    .must(ValueRule.oneOf("CreateTime", "LogAppendTime"))
                    .dynamic()
                    .doc(
                            "Whose clock stamps a record: the producer's (CreateTime) or the broker's (LogAppendTime).",
                            "Use LogAppendTime when producers' clocks cannot be trusted."),
            key("log.message.timestamp.before.max.ms", LONG, Long.MAX_VALUE)
                    .atLeast(0)
                    .dynamic()
                    .doc(
                            "Milliseconds by which a producer's timestamp may lie before the broker's clock.",
                            "Lower it to refuse old records."),
            key("log.message.timestamp.after.max.ms", LONG, 3600000)
                    .atLeast(0)
                    .dynamic()
                    .doc(
                            "Milliseconds by which a producer's timestamp may lie after the broker's clock.",
                            "Raise it only for producers that date records ahead on purpose."),
            key("log.preallocate", BOOLEAN, false)
                    .dynamic()
                    .withoutEffect(NO_PREALLOCATION)
                    .doc("Whether a segment's space is taken when it is begun.", "No need on Linux."),
            key("message.max.bytes", INT, 1048588)
                    .atLeast(0)
                    .dynamic()
                    .doc(
                            "The largest batch in bytes, after compression, that a producer may send.",
                            "Raise it for large records, together with the consumers' fetch sizes."),
            key("compression.type", STRING, "producer")
                    .must(ValueRule.oneOf("uncompressed", "zstd", "lz4", "snappy", "gzip", "producer"))
                    .dynamic()
                    .doc(
                            "The codec batches are stored with; producer keeps what the producer chose.",
                            "Leave it: recompressing costs the broker time."),
            key("compression.gzip.level", INT, -1)
                    .must(ValueRule.between(1, 9).orMinusOne())
                    .dynamic()
                    .withoutEffect(CODEC_LEVEL)
                    .doc(
                            "The level used when compression.type is gzip; -1 for its default.",
                            "Raise it to save space."),
            key("compression.lz4.level", INT, 9)
                    .must(ValueRule.between(1, 17))
                    .dynamic()
                    .withoutEffect(CODEC_LEVEL)
                    .doc("The level used when compression.type is lz4.", "Raise it to save space."),
            key("compression.zstd.level", INT, 3)
                    .must(ValueRule.between(-131072, 22))
                    .dynamic()
                    .withoutEffect(CODEC_LEVEL)
                    .doc("The level used when compression.type is zstd.", "Raise it to save space."),
            key("log.cleaner.enable", BOOLEAN, true)
                    .doc("Whether topics with cleanup.policy=compact are compacted.", "Leave it on."),
            key("log.cleaner.threads", INT, 1)
                    .atLeast(0)
                    .doc("Threads that compact logs.", "Raise it when compaction lags behind."),
            key("log.cleaner.dedupe.buffer.size", LONG, 134217728)
                    .dynamic()
                    .doc("Bytes of memory for the keys of logs being compacted.", "Raise it for very many keys."),
            key("log.cleaner.io.buffer.size", INT, 524288)
                    .atLeast(0)
                    .dynamic()
                    .withoutEffect("compaction has buffers of a fixed size")
                    .doc("Bytes of memory to read and write logs being compacted.", "Leave it."),
            key("log.cleaner.io.buffer.load.factor", DOUBLE, 0.9)
                    .dynamic()
                    .withoutEffect("the memory for keys is filled to three quarters")
                    .doc("How full the memory for keys may get, as a fraction.", "Leave it."),
            key("log.cleaner.io.max.bytes.per.second", DOUBLE, Double.MAX_VALUE)
                    .dynamic()
                    .doc("Bytes per second that compaction may read and write.", "Lower it to spare the disk."),
            key("log.cleaner.backoff.ms", LONG, 15000)
                    .atLeast(0)
                    .doc("Milliseconds compaction rests when there is nothing to do.", "Leave it."),
            key("log.cleaner.min.cleanable.ratio", DOUBLE, 0.5)
                    .must(ValueRule.between(0, 1))
                    .dynamic()
                    .doc(
                            "The share of a log, as a fraction, that must be new before it is compacted.",
                            "Lower it to save space at the cost of work."),
            key("log.cleaner.min.compaction.lag.ms", LONG, 0)
                    .atLeast(0)
                    .dynamic()
                    .doc(
                            "Milliseconds for which a record is safe from compaction.",
                            "Raise it to let consumers see every record."),
            key("log.cleaner.max.compaction.lag.ms", LONG, Long.MAX_VALUE)
                    .atLeast(1)
                    .dynamic()
                    .doc(
                            "Milliseconds after which a record must be compacted.",
                            "Set it when old values must vanish in time."),
            key("log.cleaner.delete.retention.ms", LONG, 86400000)
                    .atLeast(0)
                    .dynamic()
                    .doc(
                            "Milliseconds for which a compacted log keeps its tombstones.",
                            "Raise it for consumers that lag."));

    private LogKeys() {}
}
