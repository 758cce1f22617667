// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.log.tool;

/**
 * One thing that {@link LogVerifier} found.
 *
 * <p>Threading: immutable.
 *
 * @param kind what it is
 * @param file name of the file
 * @param position where in the file it begins, bytes; 0 when it concerns all of the file
 * @param detail what is wrong there, for people
 */
public record Finding(Kind kind, String file, long position, String detail) {

    /** What was found. Damage means that something is lost or would mislead; a note that there is something to know. */
    public enum Kind {
        /** A stretch of a segment holds no valid batch. */
        BATCH(true),
        /** Offsets of a batch do not fit to the segment or to the batch before. */
        OFFSETS(true),
        /** Offsets are missing that no compaction has removed. */
        GAP(true),
        /** A batch carries another leader epoch than the list of epochs gives to its offset. */
        EPOCH(true),
        /** The records inside a batch are malformed although its checksum is right. */
        RECORDS(true),
        /** Our index of a segment is damaged or does not agree with the segment. */
        INDEX(true),
        /** Kafka's index of a sealed segment does not agree with the segment. */
        KAFKA_INDEX(true),
        /** A small file of the log is damaged or contradicts the segments. */
        SMALL_FILE(true),
        /** The end of a log that was not closed is no whole batch: a write that was under way. Opening cuts it off. */
        TORN_TAIL(false),
        /** The log was not closed; opening reads what no index covers. */
        NOT_CLOSED(false),
        /** Somebody appends to the log; what stands behind the last whole batch was left alone. */
        IN_USE(false),
        /** Compaction was replacing segments. Opening finishes that, and what is there then was verified. */
        SWAP(false),
        /** The log was being started anew at another offset. Opening finishes that, and what is there then was verified. */
        RESET(false),
        /** A sealed segment has no index of ours; opening makes one. */
        INDEX_ABSENT(false),
        /** Recovery put this file aside once. */
        QUARANTINED(false),
        /** The file is not a log's. */
        FOREIGN(false),
        /** The file was deleted while it was to be looked at. */
        VANISHED(false);

        private final boolean damage;

        Kind(boolean damage) {
            this.damage = damage;
        }

        /** {@return whether it is damage; a note otherwise} */
        public boolean isDamage() {
            return damage;
        }
    }

    /** {@return whether it is damage; a note otherwise} */
    public boolean isDamage() {
        return kind.isDamage();
    }
}
