// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.log;

import io.varve.log.compact.CompactionPolicy;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * How a log behaves; every value has a default.
 *
 * <p>Threading: immutable.
 */
public final class LogConfig {

    /** Default of {@link #segmentBytes}: 1 GiB. */
    public static final int DEFAULT_SEGMENT_BYTES = 1 << 30;

    /** Default of {@link #segmentAgeMs}: seven days. */
    public static final long DEFAULT_SEGMENT_AGE_MS = Duration.ofDays(7).toMillis();

    /** Default of {@link #indexIntervalBytes}: 4 KiB. */
    public static final int DEFAULT_INDEX_INTERVAL_BYTES = 4096;

    /** Default of {@link #maxBatchBytes}: 1 MiB and the twelve bytes before a batch's length counts. */
    public static final int DEFAULT_MAX_BATCH_BYTES = (1 << 20) + 12;

    /** Default of {@link #recoveryBytes}: 64 MiB. */
    public static final int DEFAULT_RECOVERY_BYTES = 64 << 20;

    /** Default of {@link #reserveBytes}: 16 KiB. */
    public static final int DEFAULT_RESERVE_BYTES = 16 << 10;

    /** Default of {@link #retentionCheckMs}: five minutes. */
    public static final long DEFAULT_RETENTION_CHECK_MS = Duration.ofMinutes(5).toMillis();

    private final int segmentBytes;
    private final long segmentAgeMs;
    private final int indexIntervalBytes;
    private final int maxBatchBytes;
    private final FlushPolicy flushPolicy;
    private final RetentionPolicy retention;
    private final long retentionCheckMs;
    private final int recoveryBytes;
    private final int reserveBytes;
    private final @Nullable CompactionPolicy compaction;
    private final LogListener listener;

    private LogConfig(Builder builder) {
        this.segmentBytes = builder.segmentBytes;
        this.segmentAgeMs = builder.segmentAgeMs;
        this.indexIntervalBytes = builder.indexIntervalBytes;
        this.maxBatchBytes = builder.maxBatchBytes;
        this.flushPolicy = builder.flushPolicy;
        this.retention = builder.retention;
        this.retentionCheckMs = builder.retentionCheckMs;
        this.recoveryBytes = builder.recoveryBytes;
        this.reserveBytes = builder.reserveBytes;
        this.compaction = builder.compaction;
        this.listener = builder.listener;
    }

    /** {@return the defaults: segments of 1 GiB, flushed by the operating system, kept for ever} */
    public static LogConfig defaults() {
        return builder().build();
    }

    /** {@return a builder that begins with the defaults} */
    public static Builder builder() {
        return new Builder();
    }

    /** {@return a builder that begins with these values} */
    public Builder toBuilder() {
        Builder builder = new Builder();
        builder.segmentBytes = segmentBytes;
        builder.segmentAgeMs = segmentAgeMs;
        builder.indexIntervalBytes = indexIntervalBytes;
        builder.maxBatchBytes = maxBatchBytes;
        builder.flushPolicy = flushPolicy;
        builder.retention = retention;
        builder.retentionCheckMs = retentionCheckMs;
        builder.recoveryBytes = recoveryBytes;
        builder.reserveBytes = reserveBytes;
        builder.compaction = compaction;
        builder.listener = listener;
        return builder;
    }

    /** {@return length in bytes that a segment does not exceed, unless one append alone is larger} */
    public int segmentBytes() {
        return segmentBytes;
    }

    /** {@return age in milliseconds at which a segment that is not empty is rolled by the next append} */
    public long segmentAgeMs() {
        return segmentAgeMs;
    }

    /** {@return about how many bytes lie between two entries of the index} */
    public int indexIntervalBytes() {
        return indexIntervalBytes;
    }

    /** {@return largest batch that is appended, in bytes, inclusive} */
    public int maxBatchBytes() {
        return maxBatchBytes;
    }

    /** {@return when appended batches are made durable} */
    public FlushPolicy flushPolicy() {
        return flushPolicy;
    }

    /** {@return how much of the past is kept} */
    public RetentionPolicy retention() {
        return retention;
    }

    /** {@return how often the upkeep job looks for segments that are not kept any longer, milliseconds} */
    public long retentionCheckMs() {
        return retentionCheckMs;
    }

    /** {@return how many bytes are read again at most when a log that was not closed is opened} */
    public int recoveryBytes() {
        return recoveryBytes;
    }

    /** {@return bytes set aside so that small files can be written, and so space be freed, when the disk is full; 0 for none} */
    public int reserveBytes() {
        return reserveBytes;
    }

    /** {@return how the log is compacted to the last record of each key; null when it is not} */
    public @Nullable CompactionPolicy compaction() {
        return compaction;
    }

    /** {@return who is told what happens} */
    public LogListener listener() {
        return listener;
    }

    /**
     * Collects values.
     *
     * <p>Threading: confined to one thread.
     */
    public static final class Builder {

        private int segmentBytes = DEFAULT_SEGMENT_BYTES;
        private long segmentAgeMs = DEFAULT_SEGMENT_AGE_MS;
        private int indexIntervalBytes = DEFAULT_INDEX_INTERVAL_BYTES;
        private int maxBatchBytes = DEFAULT_MAX_BATCH_BYTES;
        private FlushPolicy flushPolicy = FlushPolicy.OPERATING_SYSTEM;
        private RetentionPolicy retention = RetentionPolicy.FOREVER;
        private long retentionCheckMs = DEFAULT_RETENTION_CHECK_MS;
        private int recoveryBytes = DEFAULT_RECOVERY_BYTES;
        private int reserveBytes = DEFAULT_RESERVE_BYTES;
        private @Nullable CompactionPolicy compaction;
        private LogListener listener = LogListener.NONE;

        private Builder() {}

        /**
         * Smaller segments let retention work in smaller steps; at least 1.
         *
         * @param bytes the value
         * @return this builder
         */
        public Builder segmentBytes(int bytes) {
            segmentBytes = atLeastOne("segmentBytes", bytes);
            return this;
        }

        /**
         * Rolls a segment that gets no bytes any more, so that retention can reach it; at least 1 ms.
         *
         * @param age the age
         * @return this builder
         */
        public Builder segmentAge(Duration age) {
            segmentAgeMs = age.toMillis();
            if (segmentAgeMs < 1) {
                throw new IllegalArgumentException("out of range: segmentAge=" + age + ", smallest=1 ms");
            }
            return this;
        }

        /**
         * A smaller interval finds offsets with less reading and costs memory; at least 1.
         *
         * @param bytes the value
         * @return this builder
         */
        public Builder indexIntervalBytes(int bytes) {
            indexIntervalBytes = atLeastOne("indexIntervalBytes", bytes);
            return this;
        }

        /**
         * Raise it for large records; a reader must be able to hold a batch in memory.
         *
         * @param bytes the value
         * @return this builder
         */
        public Builder maxBatchBytes(int bytes) {
            maxBatchBytes = atLeastOne("maxBatchBytes", bytes);
            return this;
        }

        /**
         * Choose by what may be lost when the machine dies.
         *
         * @param policy the policy
         * @return this builder
         */
        public Builder flushPolicy(FlushPolicy policy) {
            flushPolicy = policy;
            return this;
        }

        /**
         * Applied by the {@linkplain CommitLog#upkeep upkeep job} and by {@link CommitLog#applyRetention}.
         *
         * @param policy the policy
         * @return this builder
         */
        public Builder retention(RetentionPolicy policy) {
            retention = policy;
            return this;
        }

        /**
         * Space is back within one interval; at least 1 ms.
         *
         * @param interval the interval
         * @return this builder
         */
        public Builder retentionCheck(Duration interval) {
            retentionCheckMs = interval.toMillis();
            if (retentionCheckMs < 1) {
                throw new IllegalArgumentException("out of range: retentionCheck=" + interval + ", smallest=1 ms");
            }
            return this;
        }

        /**
         * A larger bound makes appends wait for the disk less often, when no {@linkplain CommitLog#upkeep upkeep job} runs, and
         * opening after a crash slower; at least 2.
         *
         * @param bytes the value
         * @return this builder
         */
        public Builder recoveryBytes(int bytes) {
            if (bytes < 2) {
                throw new IllegalArgumentException("out of range: recoveryBytes=" + bytes + ", smallest=2");
            }
            recoveryBytes = bytes;
            return this;
        }

        /**
         * Enough for the small files of the log's directory, 0 to do without; see {@link LogConfig#reserveBytes}.
         *
         * @param bytes the value
         * @return this builder
         */
        public Builder reserveBytes(int bytes) {
            if (bytes < 0) {
                throw new IllegalArgumentException("out of range: reserveBytes=" + bytes + ", smallest=0");
            }
            reserveBytes = bytes;
            return this;
        }

        /**
         * Carried out by the {@linkplain CommitLog#compaction compaction job}.
         *
         * @param policy the policy; null, the default, for no compaction
         * @return this builder
         */
        public Builder compaction(@Nullable CompactionPolicy policy) {
            compaction = policy;
            return this;
        }

        /**
         * One listener; combine several in one of your own.
         *
         * @param listener who is told
         * @return this builder
         */
        public Builder listener(LogListener listener) {
            this.listener = listener;
            return this;
        }

        /** {@return the configuration with these values} */
        public LogConfig build() {
            return new LogConfig(this);
        }

        private static int atLeastOne(String name, int value) {
            if (value < 1) {
                throw new IllegalArgumentException("out of range: " + name + "=" + value + ", smallest=1");
            }
            return value;
        }
    }
}
