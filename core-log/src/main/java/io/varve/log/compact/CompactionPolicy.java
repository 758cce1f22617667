// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.log.compact;

import java.time.Duration;

/**
 * When and how a log is compacted to the last record of each key. The names in brackets are those of Kafka's configuration.
 *
 * <p>Threading: immutable.
 */
public final class CompactionPolicy {

    /** Default of {@link #minDirtyRatio}: one half. */
    public static final double DEFAULT_MIN_DIRTY_RATIO = 0.5;

    /** Default of {@link #deleteRetentionMs}: one day. */
    public static final long DEFAULT_DELETE_RETENTION_MS = Duration.ofDays(1).toMillis();

    /** Default of {@link #memoryBytes}: 128 MiB, room for four million keys without temporary files. */
    public static final int DEFAULT_MEMORY_BYTES = 128 << 20;

    /** Default of {@link #maxBatchBytes}: 128 MiB. */
    public static final int DEFAULT_MAX_BATCH_BYTES = 128 << 20;

    private final double minDirtyRatio;
    private final long minLagMs;
    private final long maxLagMs;
    private final long deleteRetentionMs;
    private final int memoryBytes;
    private final long bytesPerSecond;
    private final int maxBatchBytes;

    private CompactionPolicy(Builder builder) {
        this.minDirtyRatio = builder.minDirtyRatio;
        this.minLagMs = builder.minLagMs;
        this.maxLagMs = builder.maxLagMs;
        this.deleteRetentionMs = builder.deleteRetentionMs;
        this.memoryBytes = builder.memoryBytes;
        this.bytesPerSecond = builder.bytesPerSecond;
        this.maxBatchBytes = builder.maxBatchBytes;
    }

    /** {@return the defaults: when half of the log is new, whatever its age, as fast as the disk allows} */
    public static CompactionPolicy defaults() {
        return builder().build();
    }

    /** {@return a builder that holds the defaults} */
    public static Builder builder() {
        return new Builder();
    }

    /** {@return the share of the log, in bytes, that must be new before it is compacted, 0 to 1 [min.cleanable.dirty.ratio]} */
    public double minDirtyRatio() {
        return minDirtyRatio;
    }

    /** {@return milliseconds for which a record is safe from compaction [min.compaction.lag.ms]} */
    public long minLagMs() {
        return minLagMs;
    }

    /**
     * {@return milliseconds after which a record is compacted whatever the share of what is new, {@link Long#MAX_VALUE} for no bound
     * [max.compaction.lag.ms]}
     */
    public long maxLagMs() {
        return maxLagMs;
    }

    /** {@return milliseconds for which a tombstone stays after a compaction first saw it [delete.retention.ms]} */
    public long deleteRetentionMs() {
        return deleteRetentionMs;
    }

    /**
     * {@return bytes of memory for keys while a compaction runs; more keys go to temporary files [log.cleaner.dedupe.buffer.size]}
     */
    public int memoryBytes() {
        return memoryBytes;
    }

    /**
     * {@return how many bytes of log files are read and written in a second, {@link Long#MAX_VALUE} for no bound
     * [log.cleaner.io.max.bytes.per.second]}
     */
    public long bytesPerSecond() {
        return bytesPerSecond;
    }

    /** {@return largest batch, in bytes, inclusive, packed and unpacked; a larger one stops the compaction of its log} */
    public int maxBatchBytes() {
        return maxBatchBytes;
    }

    /**
     * Collects values.
     *
     * <p>Threading: confined to one thread.
     */
    public static final class Builder {

        private double minDirtyRatio = DEFAULT_MIN_DIRTY_RATIO;
        private long minLagMs;
        private long maxLagMs = Long.MAX_VALUE;
        private long deleteRetentionMs = DEFAULT_DELETE_RETENTION_MS;
        private int memoryBytes = DEFAULT_MEMORY_BYTES;
        private long bytesPerSecond = Long.MAX_VALUE;
        private int maxBatchBytes = DEFAULT_MAX_BATCH_BYTES;

        private Builder() {}

        /**
         * A smaller ratio saves space and rewrites the log more often.
         *
         * @param ratio the share of the log, in bytes, that must be new, from 0 to 1, inclusive; one half by default
         * @return this builder
         */
        public Builder minDirtyRatio(double ratio) {
            if (!(ratio >= 0 && ratio <= 1)) {
                throw new IllegalArgumentException("out of range: minDirtyRatio=" + ratio + ", from 0 to 1");
            }
            minDirtyRatio = ratio;
            return this;
        }

        /**
         * Lets readers that are not too far behind see every record.
         *
         * @param ms milliseconds from the record's timestamp on, 0 or more; 0 by default
         * @return this builder
         */
        public Builder minLagMs(long ms) {
            minLagMs = atLeast("minLagMs", ms, 0);
            return this;
        }

        /**
         * Bounds how long a superseded record is there.
         *
         * @param ms milliseconds from the record's timestamp on, 1 or more; no bound by default
         * @return this builder
         */
        public Builder maxLagMs(long ms) {
            maxLagMs = atLeast("maxLagMs", ms, 1);
            return this;
        }

        /**
         * How long a reader may take from the beginning to the end of the log without missing a deletion.
         *
         * @param ms milliseconds, 0 or more; one day by default
         * @return this builder
         */
        public Builder deleteRetentionMs(long ms) {
            deleteRetentionMs = atLeast("deleteRetentionMs", ms, 0);
            return this;
        }

        /**
         * More memory spares temporary files.
         *
         * @param bytes {@value LatestRecords#SMALLEST_MEMORY_BYTES} or more; 128 MiB by default
         * @return this builder
         */
        public Builder memoryBytes(int bytes) {
            memoryBytes = (int) atLeast("memoryBytes", bytes, LatestRecords.SMALLEST_MEMORY_BYTES);
            return this;
        }

        /**
         * Spares the disk for others.
         *
         * @param bytes bytes read and written in a second, 1 or more; no bound by default
         * @return this builder
         */
        public Builder bytesPerSecond(long bytes) {
            bytesPerSecond = atLeast("bytesPerSecond", bytes, 1);
            return this;
        }

        /**
         * Raise it for a log whose batches unpack to very much.
         *
         * @param bytes the largest batch, packed and unpacked, inclusive, 1 or more; 128 MiB by default
         * @return this builder
         */
        public Builder maxBatchBytes(int bytes) {
            maxBatchBytes = (int) atLeast("maxBatchBytes", bytes, 1);
            return this;
        }

        /** {@return the policy with these values} */
        public CompactionPolicy build() {
            return new CompactionPolicy(this);
        }

        private static long atLeast(String name, long value, long smallest) {
            if (value < smallest) {
                throw new IllegalArgumentException("out of range: " + name + "=" + value + ", smallest=" + smallest);
            }
            return value;
        }
    }
}
