// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.log.batch;

import java.nio.ByteBuffer;
import java.util.zip.CRC32C;

/**
 * The layout of a batch, and every access to its header. All numbers are big-endian.
 *
 * <pre>
 *   0                   1                   2                   3
 *   +-------------------------------+-------------------------------+
 *   |  0  base offset                                               |
 *   +-------------------------------+-------------------------------+
 *   |  8  length of what follows    | 12  leader epoch              |
 *   +-------+-----------------------+-------+-----------------------+
 *   | 16 magic (2) | 17  CRC-32C of all from 21 on | 21  attributes |
 *   +-------------------------------+-------------------------------+
 *   | 23  last offset delta         | 27  base timestamp (ms)       |
 *   +-------------------------------+-------------------------------+
 *   | 35  max timestamp (ms)        | 43  producer id               |
 *   +-------------------------------+-------------------------------+
 *   | 51  producer epoch | 53  base sequence | 57  record count     |
 *   +-------------------------------+-------------------------------+
 *   | 61  records, compressed as the attributes say                 |
 *   +---------------------------------------------------------------+
 *
 *   attributes: bits 0-2 compression, 3 timestamp type (1 = append time), 4 transactional, 5 control, 6 delete horizon
 * </pre>
 *
 * <p>Every method takes the buffer and the absolute position at which the batch begins; it neither reads nor moves the buffer's own
 * position. Source: the record batch of KIP-98.
 */
public final class BatchDescriptor {

    /** The only magic there is. */
    public static final byte MAGIC = 2;

    /** Bytes of the header: the records begin here. */
    public static final int HEADER_BYTES = 61;

    /** Bytes of base offset and length: what must be read to know where the next batch begins. */
    public static final int PREFIX_BYTES = 12;

    /** Where the bytes begin that the checksum covers; they end with the batch. */
    public static final int CRC_COVERS_FROM = 21;

    /** The producer id of a batch that has none. */
    public static final long NO_PRODUCER_ID = -1;

    /** The producer epoch of a batch that has no producer id. */
    public static final short NO_PRODUCER_EPOCH = -1;

    /** The base sequence of a batch that has no producer id. */
    public static final int NO_SEQUENCE = -1;

    /** The timestamp of a record that has none. */
    public static final long NO_TIMESTAMP = -1;

    /** One for a thread, because whether the compiler would do without a new one depends on what else it has compiled. */
    private static final ThreadLocal<CRC32C> CHECKSUM = ThreadLocal.withInitial(CRC32C::new);

    static final int BASE_OFFSET = 0;
    static final int LENGTH = 8;
    static final int LEADER_EPOCH = 12;
    static final int MAGIC_AT = 16;
    static final int CRC = 17;
    static final int ATTRIBUTES = 21;
    static final int LAST_OFFSET_DELTA = 23;
    static final int BASE_TIMESTAMP = 27;
    static final int MAX_TIMESTAMP = 35;
    static final int PRODUCER_ID = 43;
    static final int PRODUCER_EPOCH = 51;
    static final int BASE_SEQUENCE = 53;
    static final int RECORD_COUNT = 57;

    static final int COMPRESSION_MASK = 0x07;
    static final int APPEND_TIME_BIT = 0x08;
    static final int TRANSACTIONAL_BIT = 0x10;
    static final int CONTROL_BIT = 0x20;
    static final int DELETE_HORIZON_BIT = 0x40;

    private BatchDescriptor() {}

    /**
     * {@return offset of the first record}
     *
     * @param buffer holds the batch
     * @param at where the batch begins
     */
    public static long baseOffset(ByteBuffer buffer, int at) {
        return buffer.getLong(at + BASE_OFFSET);
    }

    /**
     * {@return length of the whole batch in bytes, its first twelve included; as claimed, not checked}
     *
     * @param buffer holds the batch
     * @param at where the batch begins
     */
    public static int sizeBytes(ByteBuffer buffer, int at) {
        return PREFIX_BYTES + buffer.getInt(at + LENGTH);
    }

    /**
     * {@return epoch of the leader that appended the batch}
     *
     * @param buffer holds the batch
     * @param at where the batch begins
     */
    public static int leaderEpoch(ByteBuffer buffer, int at) {
        return buffer.getInt(at + LEADER_EPOCH);
    }

    /**
     * {@return number of the format}
     *
     * @param buffer holds the batch
     * @param at where the batch begins
     */
    public static byte magic(ByteBuffer buffer, int at) {
        return buffer.get(at + MAGIC_AT);
    }

    /**
     * {@return the checksum as stored, unsigned in an int}
     *
     * @param buffer holds the batch
     * @param at where the batch begins
     */
    public static int crc(ByteBuffer buffer, int at) {
        return buffer.getInt(at + CRC);
    }

    /**
     * {@return the attributes, as bits}
     *
     * @param buffer holds the batch
     * @param at where the batch begins
     */
    public static short attributes(ByteBuffer buffer, int at) {
        return buffer.getShort(at + ATTRIBUTES);
    }

    /**
     * {@return number of the compression, 0 to 7; see {@link Compression#of}}
     *
     * @param buffer holds the batch
     * @param at where the batch begins
     */
    public static int compressionId(ByteBuffer buffer, int at) {
        return attributes(buffer, at) & COMPRESSION_MASK;
    }

    /**
     * {@return whether the timestamps are the time of the append and not that of the records' creation}
     *
     * @param buffer holds the batch
     * @param at where the batch begins
     */
    public static boolean isAppendTime(ByteBuffer buffer, int at) {
        return (attributes(buffer, at) & APPEND_TIME_BIT) != 0;
    }

    /**
     * {@return whether the batch is part of a transaction}
     *
     * @param buffer holds the batch
     * @param at where the batch begins
     */
    public static boolean isTransactional(ByteBuffer buffer, int at) {
        return (attributes(buffer, at) & TRANSACTIONAL_BIT) != 0;
    }

    /**
     * {@return whether the records are markers that end a transaction}
     *
     * @param buffer holds the batch
     * @param at where the batch begins
     */
    public static boolean isControl(ByteBuffer buffer, int at) {
        return (attributes(buffer, at) & CONTROL_BIT) != 0;
    }

    /**
     * When compaction may drop the batch's tombstones or marker, milliseconds since the epoch; -1 when no compaction has decided yet.
     * It stands in the place of the base timestamp, and the records' deltas count from it. Source: KIP-534.
     *
     * @param buffer holds the batch
     * @param at where the batch begins
     * @return the delete horizon or -1
     */
    public static long deleteHorizonMs(ByteBuffer buffer, int at) {
        return (attributes(buffer, at) & DELETE_HORIZON_BIT) == 0 ? NO_TIMESTAMP : baseTimestampMs(buffer, at);
    }

    /**
     * {@return offset of the last record minus the base offset}
     *
     * @param buffer holds the batch
     * @param at where the batch begins
     */
    public static int lastOffsetDelta(ByteBuffer buffer, int at) {
        return buffer.getInt(at + LAST_OFFSET_DELTA);
    }

    /**
     * {@return offset of the last record, inclusive}
     *
     * @param buffer holds the batch
     * @param at where the batch begins
     */
    public static long lastOffset(ByteBuffer buffer, int at) {
        return baseOffset(buffer, at) + lastOffsetDelta(buffer, at);
    }

    /**
     * {@return timestamp from which the records' deltas count, milliseconds since the epoch}
     *
     * @param buffer holds the batch
     * @param at where the batch begins
     */
    public static long baseTimestampMs(ByteBuffer buffer, int at) {
        return buffer.getLong(at + BASE_TIMESTAMP);
    }

    /**
     * {@return largest timestamp of the records, milliseconds since the epoch}
     *
     * @param buffer holds the batch
     * @param at where the batch begins
     */
    public static long maxTimestampMs(ByteBuffer buffer, int at) {
        return buffer.getLong(at + MAX_TIMESTAMP);
    }

    /**
     * {@return id of the producer, -1 for none}
     *
     * @param buffer holds the batch
     * @param at where the batch begins
     */
    public static long producerId(ByteBuffer buffer, int at) {
        return buffer.getLong(at + PRODUCER_ID);
    }

    /**
     * {@return epoch of the producer, -1 for none}
     *
     * @param buffer holds the batch
     * @param at where the batch begins
     */
    public static short producerEpoch(ByteBuffer buffer, int at) {
        return buffer.getShort(at + PRODUCER_EPOCH);
    }

    /**
     * {@return sequence number of the first record}
     *
     * @param buffer holds the batch
     * @param at where the batch begins
     */
    public static int baseSequence(ByteBuffer buffer, int at) {
        return buffer.getInt(at + BASE_SEQUENCE);
    }

    /**
     * {@return number of records}
     *
     * @param buffer holds the batch
     * @param at where the batch begins
     */
    public static int recordCount(ByteBuffer buffer, int at) {
        return buffer.getInt(at + RECORD_COUNT);
    }

    /**
     * {@return whether zeros show that no batch begins at any of the eight positions from {@code at} on}
     *
     * @param buffer holds the bytes of a header from {@code at} on
     * @param at the first position
     */
    public static boolean isBlank(ByteBuffer buffer, int at) {
        return buffer.getLong(at + MAGIC_AT) == 0;
    }

    /**
     * Sets what a leader decides: base offset and leader epoch. The checksum does not cover them.
     *
     * @param buffer holds the batch
     * @param at where the batch begins
     * @param baseOffset offset of the first record
     * @param leaderEpoch the leader's epoch
     */
    public static void patch(ByteBuffer buffer, int at, long baseOffset, int leaderEpoch) {
        buffer.putLong(at + BASE_OFFSET, baseOffset);
        buffer.putInt(at + LEADER_EPOCH, leaderEpoch);
    }

    /**
     * Makes the time of the append the timestamp of all records, and corrects the checksum.
     *
     * @param buffer holds the batch
     * @param at where the batch begins
     * @param nowMs the time, milliseconds since the epoch
     */
    public static void stampAppendTime(ByteBuffer buffer, int at, long nowMs) {
        buffer.putShort(at + ATTRIBUTES, (short) (attributes(buffer, at) | APPEND_TIME_BIT));
        buffer.putLong(at + MAX_TIMESTAMP, nowMs);
        buffer.putInt(at + CRC, computedCrc(buffer, at, sizeBytes(buffer, at)));
    }

    /**
     * {@return the checksum that the {@code sizeBytes} bytes at {@code at} should carry}
     *
     * <p>The buffer is not for others meanwhile; its position and limit are in the end what they were.
     *
     * @param buffer holds the batch
     * @param at where the batch begins
     * @param sizeBytes length of the batch
     */
    public static int computedCrc(ByteBuffer buffer, int at, int sizeBytes) {
        CRC32C crc = CHECKSUM.get();
        crc.reset();
        if (buffer.hasArray()) {
            crc.update(buffer.array(), buffer.arrayOffset() + at + ATTRIBUTES, sizeBytes - ATTRIBUTES);
        } else {
            // Not a duplicate: that would be garbage of every append and every read.
            int position = buffer.position();
            int limit = buffer.limit();
            crc.update(buffer.limit(at + sizeBytes).position(at + ATTRIBUTES));
            buffer.limit(limit).position(position);
        }
        return (int) crc.getValue();
    }

    /**
     * Checks everything that a header can show: the length against what is there and against {@code maxBytes}, magic, checksum, count
     * against offsets, timestamps, compression.
     *
     * @param buffer holds the batch
     * @param at where the batch begins
     * @param limit end of what is there, exclusive
     * @param maxBytes largest batch allowed, inclusive
     * @return the length of the batch in bytes
     * @throws InvalidBatchException when something is wrong; its reason says what
     */
    public static int check(ByteBuffer buffer, int at, int limit, int maxBytes) {
        int thereBytes = limit - at;
        if (thereBytes < HEADER_BYTES) {
            throw invalid(InvalidBatchException.Reason.LENGTH, "bytes", thereBytes, "headerBytes", HEADER_BYTES);
        }
        if (magic(buffer, at) != MAGIC) {
            throw invalid(InvalidBatchException.Reason.MAGIC, "magic", magic(buffer, at), "expected", MAGIC);
        }
        int length = buffer.getInt(at + LENGTH);
        if (length < HEADER_BYTES - PREFIX_BYTES || length > thereBytes - PREFIX_BYTES) {
            throw invalid(InvalidBatchException.Reason.LENGTH, "length", length, "bytes", thereBytes);
        }
        int sizeBytes = PREFIX_BYTES + length;
        if (sizeBytes > maxBytes) {
            throw invalid(InvalidBatchException.Reason.TOO_LARGE, "sizeBytes", sizeBytes, "maxBytes", maxBytes);
        }
        int computed = computedCrc(buffer, at, sizeBytes);
        if (computed != crc(buffer, at)) {
            throw invalid(
                    InvalidBatchException.Reason.CRC,
                    "crc",
                    Integer.toUnsignedLong(crc(buffer, at)),
                    "computed",
                    Integer.toUnsignedLong(computed));
        }
        checkFields(buffer, at);
        return sizeBytes;
    }

    /**
     * Checks what a batch must show that nobody has compacted: records with consecutive offsets, at least one.
     *
     * @param buffer holds the batch
     * @param at where the batch begins
     * @throws InvalidBatchException when it does not
     */
    public static void checkConsecutive(ByteBuffer buffer, int at) {
        int count = recordCount(buffer, at);
        if (count == 0 || count - 1 != lastOffsetDelta(buffer, at)) {
            throw invalid(
                    InvalidBatchException.Reason.COUNT,
                    "recordCount",
                    count,
                    "lastOffsetDelta",
                    lastOffsetDelta(buffer, at));
        }
    }

    private static void checkFields(ByteBuffer buffer, int at) {
        int count = recordCount(buffer, at);
        int lastOffsetDelta = lastOffsetDelta(buffer, at);
        // A batch that was compacted has fewer records than offsets.
        if (count < 0 || lastOffsetDelta < 0 || count - 1 > lastOffsetDelta) {
            throw invalid(InvalidBatchException.Reason.COUNT, "recordCount", count, "lastOffsetDelta", lastOffsetDelta);
        }
        long maxTimestampMs = maxTimestampMs(buffer, at);
        if (maxTimestampMs < NO_TIMESTAMP) {
            throw invalid(
                    InvalidBatchException.Reason.TIMESTAMP, "maxTimestampMs", maxTimestampMs, "smallest", NO_TIMESTAMP);
        }
        if (compressionId(buffer, at) >= Compression.COUNT) {
            throw invalid(
                    InvalidBatchException.Reason.COMPRESSION,
                    "compression",
                    compressionId(buffer, at),
                    "known",
                    Compression.COUNT);
        }
    }

    private static InvalidBatchException invalid(
            InvalidBatchException.Reason reason, String name, long value, String otherName, long other) {
        return new InvalidBatchException(reason, name + "=" + value + ", " + otherName + "=" + other);
    }
}
