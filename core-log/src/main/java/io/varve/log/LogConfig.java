// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.log;

import java.time.Duration;

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

    private final int segmentBytes;
    private final long segmentAgeMs;
    private final int indexIntervalBytes;
    private final int maxBatchBytes;
    private final FlushPolicy flushPolicy;
    private final RetentionPolicy retention;

    private LogConfig(Builder builder) {
        this.segmentBytes = builder.segmentBytes;
        this.segmentAgeMs = builder.segmentAgeMs;
        this.indexIntervalBytes = builder.indexIntervalBytes;
        this.maxBatchBytes = builder.maxBatchBytes;
        this.flushPolicy = builder.flushPolicy;
        this.retention = builder.retention;
    }

    /** The defaults: segments of 1 GiB, flushed by the operating system, kept for ever. */
    public static LogConfig defaults() {
        return builder().build();
    }

    public static Builder builder() {
        return new Builder();
    }

    /** A builder that begins with these values. */
    public Builder toBuilder() {
        Builder builder = new Builder();
        builder.segmentBytes = segmentBytes;
        builder.segmentAgeMs = segmentAgeMs;
        builder.indexIntervalBytes = indexIntervalBytes;
        builder.maxBatchBytes = maxBatchBytes;
        builder.flushPolicy = flushPolicy;
        builder.retention = retention;
        return builder;
    }

    /** Length in bytes that a segment does not exceed, unless one append alone is larger. */
    public int segmentBytes() {
        return segmentBytes;
    }

    /** Age in milliseconds at which a segment that is not empty is rolled by the next append. */
    public long segmentAgeMs() {
        return segmentAgeMs;
    }

    /** About how many bytes lie between two entries of the index. */
    public int indexIntervalBytes() {
        return indexIntervalBytes;
    }

    /** Largest batch that is appended, in bytes, inclusive. */
    public int maxBatchBytes() {
        return maxBatchBytes;
    }

    /** When appended batches are made durable. */
    public FlushPolicy flushPolicy() {
        return flushPolicy;
    }

    /** How much of the past is kept. */
    public RetentionPolicy retention() {
        return retention;
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

        private Builder() {}

        /** Smaller segments let retention work in smaller steps; at least 1. */
        public Builder segmentBytes(int bytes) {
            segmentBytes = atLeastOne("segmentBytes", bytes);
            return this;
        }

        /** Rolls a segment that gets no bytes any more, so that retention can reach it; at least 1 ms. */
        public Builder segmentAge(Duration age) {
            segmentAgeMs = age.toMillis();
            if (segmentAgeMs < 1) {
                throw new IllegalArgumentException("out of range: segmentAge=" + age + ", smallest=1 ms");
            }
            return this;
        }

        /** A smaller interval finds offsets with less reading and costs memory; at least 1. */
        public Builder indexIntervalBytes(int bytes) {
            indexIntervalBytes = atLeastOne("indexIntervalBytes", bytes);
            return this;
        }

        /** Raise it for large records; a reader must be able to hold a batch in memory. */
        public Builder maxBatchBytes(int bytes) {
            maxBatchBytes = atLeastOne("maxBatchBytes", bytes);
            return this;
        }

        /** Choose by what may be lost when the machine dies. */
        public Builder flushPolicy(FlushPolicy policy) {
            flushPolicy = policy;
            return this;
        }

        /** Applied when {@link CommitLog#applyRetention} is called. */
        public Builder retention(RetentionPolicy policy) {
            retention = policy;
            return this;
        }

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
