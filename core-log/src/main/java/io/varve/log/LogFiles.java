// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.log;

import io.varve.log.compact.LatestRecords;
import io.varve.log.storage.Storage;
import io.varve.log.storage.StorageFile;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Optional;

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
    static final String MANIFEST = "manifest";

    /** A file of a segment that compaction is writing. */
    static final String CLEANED = ".cleaned";

    /** A segment that compaction has written and that is taking the place of others. */
    static final String SWAP = ".swap";

    /** Says, by its name, at which offset a log is being started anew. */
    static final String RESET = ".reset";

    /** A segment's file made ready before its base offset is known. */
    static final String PREPARED = "prepared.tmp";

    private static final String TEMPORARY = ".tmp";
    private static final int OFFSET_DIGITS = 20;
    private static final String ZEROS = "0".repeat(OFFSET_DIGITS);
    private static final int MAX_SMALL_FILE_BYTES = 16 << 20;

    private LogFiles() {}

    /** Name of a segment's file: the base offset in twenty digits, and the suffix. */
    static String segment(long baseOffset, String suffix) {
        String digits = Long.toString(baseOffset);
        return ZEROS.substring(digits.length()).concat(digits).concat(suffix);
    }

    /** Whether a file is the log file of a segment. */
    static boolean isLog(String name) {
        return baseOffsetOfLog(name) >= 0;
    }

    /** The base offset of a segment whose log file this is, negative when it is none. */
    static long baseOffsetOfLog(String name) {
        return name.length() == OFFSET_DIGITS + LOG.length() && name.endsWith(LOG) ? offset(name) : -1;
    }

    /** Whether a file is named like an index of a segment, as most files of a log are; its digits are not looked at. */
    static boolean endsLikeIndex(String name) {
        int suffixChars = name.length() - OFFSET_DIGITS;
        return (suffixChars == SPARSE_INDEX.length() && name.endsWith(SPARSE_INDEX))
                || (suffixChars == KAFKA_OFFSET_INDEX.length() && name.endsWith(KAFKA_OFFSET_INDEX))
                || (suffixChars == KAFKA_TIME_INDEX.length() && name.endsWith(KAFKA_TIME_INDEX));
    }

    /** Whether a file is one of a segment, its log file or an index. */
    static boolean isOfSegment(String name) {
        return (isLog(name) || endsLikeIndex(name)) && offset(name) >= 0;
    }

    /** The offset in the first digits of a name; negative when it does not begin with an offset. */
    private static long offset(String name) {
        long offset = name.charAt(0) == '0' ? 0 : -1;
        for (int i = 1; i < OFFSET_DIGITS && offset >= 0; i++) {
            int digit = name.charAt(i) - '0';
            // Too large a number turns negative at the last digit.
            offset = digit < 0 || digit > 9 ? -1 : 10 * offset + digit;
        }
        return offset;
    }

    /** Whether a file is worth nothing after a crash. A swap that was interrupted must be finished first. */
    static boolean isTemporary(String name) {
        return name.endsWith(TEMPORARY) || name.endsWith(CLEANED) || name.endsWith(LatestRecords.SPILL_SUFFIX);
    }

    /** The base offset of the segment that a file is of. */
    static long baseOffset(String name) {
        return Long.parseLong(name, 0, OFFSET_DIGITS, 10);
    }

    /** Replaces a small file atomically; after a crash it has the old contents or the new. */
    static void replace(Storage storage, String name, String contents, boolean durable) {
        replace(storage, name, ByteBuffer.wrap(contents.getBytes(StandardCharsets.UTF_8)), durable);
    }

    /** The same with bytes. When it is not durable, a loss of power may leave neither. */
    static void replace(Storage storage, String name, ByteBuffer contents, boolean durable) {
        try (StorageFile file = storage.open(name + TEMPORARY)) {
            file.truncate(0);
            file.write(contents, 0);
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
        return bytes(storage, name)
                .map(bytes -> StandardCharsets.UTF_8.decode(bytes).toString());
    }

    /** The bytes of a small file, from 0 to the limit, when it exists. */
    static Optional<ByteBuffer> bytes(Storage storage, String name) {
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
            return Optional.of(bytes.flip());
        }
    }
}
