// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.log;

import io.varve.log.compact.LatestRecords;
import io.varve.log.storage.Storage;
import io.varve.log.storage.StorageFile;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.Set;

/** The names of the files in a log's directory, and the small ones among them, which are replaced as a whole. */
final class LogFiles {

    static final String LOG = ".log";
    static final String SPARSE_INDEX = ".vidx";
    static final String KAFKA_OFFSET_INDEX = ".index";
    static final String KAFKA_TIME_INDEX = ".timeindex";
    static final String START_OFFSET = "log-start-offset";
    static final String CLEAN_CLOSE = "clean-close";
    static final String CURSORS = "cursors";
    static final String RESERVE = "reserve";
    static final String QUARANTINE = ".quarantine";
    static final String EPOCHS = "leader-epoch-checkpoint";
    static final String COMPACTED = "compacted";

    /** A file of a segment that compaction is writing. */
    static final String CLEANED = ".cleaned";

    /** A segment that compaction has written and that is taking the place of others. */
    static final String SWAP = ".swap";

    /** Says, by its name, at which offset a log is being started anew. */
    static final String RESET = ".reset";

    /** A segment's file made ready before its base offset is known. */
    static final String PREPARED = "prepared.tmp";

    private static final Set<String> OF_SEGMENT = Set.of(LOG, SPARSE_INDEX, KAFKA_OFFSET_INDEX, KAFKA_TIME_INDEX);
    private static final String TEMPORARY = ".tmp";
    private static final int OFFSET_DIGITS = 20;
    private static final int MAX_SMALL_FILE_BYTES = 16 << 20;

    private LogFiles() {}

    /** Name of a segment's file: the base offset in twenty digits, and the suffix. */
    static String segment(long baseOffset, String suffix) {
        return String.format("%0" + OFFSET_DIGITS + "d", baseOffset) + suffix;
    }

    /** Whether a file is the log file of a segment. */
    static boolean isLog(String name) {
        return isOfSegment(name) && name.endsWith(LOG);
    }

    /** Whether a file is one of a segment, its log file or an index. */
    static boolean isOfSegment(String name) {
        return name.length() > OFFSET_DIGITS
                && name.chars().limit(OFFSET_DIGITS).allMatch(Character::isDigit)
                && OF_SEGMENT.contains(name.substring(OFFSET_DIGITS));
    }

    /** Whether a file is worth nothing after a crash. A swap that was interrupted must be finished first. */
    static boolean isTemporary(String name) {
        return name.endsWith(TEMPORARY) || name.endsWith(CLEANED) || name.endsWith(LatestRecords.SPILL_SUFFIX);
    }

    /** The base offset of the segment that a file is of. */
    static long baseOffset(String name) {
        return Long.parseLong(name.substring(0, OFFSET_DIGITS));
    }

    /** Replaces a small file atomically; after a crash it has the old contents or the new. */
    static void replace(Storage storage, String name, String contents, boolean durable) {
        try (StorageFile file = storage.open(name + TEMPORARY)) {
            file.truncate(0);
            file.write(ByteBuffer.wrap(contents.getBytes(StandardCharsets.UTF_8)), 0);
            if (durable) {
                file.force();
            }
        }
        storage.rename(name + TEMPORARY, name);
        if (durable) {
            storage.force();
        }
    }

    /** The contents of a small file, when it exists. */
    static Optional<String> contents(Storage storage, String name) {
        if (!storage.exists(name)) {
            return Optional.empty();
        }
        try (StorageFile file = storage.open(name)) {
            long sizeBytes = file.sizeBytes();
            if (sizeBytes > MAX_SMALL_FILE_BYTES) {
                throw new CorruptLogException(name, 0, "larger than such a file can be: sizeBytes=" + sizeBytes);
            }
            ByteBuffer bytes = ByteBuffer.allocate((int) sizeBytes);
            file.read(bytes, 0);
            return Optional.of(StandardCharsets.UTF_8.decode(bytes.flip()).toString());
        }
    }
}
