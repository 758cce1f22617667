// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.log;

import io.varve.log.storage.Storage;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/**
 * How far the compaction of a log has come, in a small file that is replaced as a whole.
 *
 * <pre>
 *   0                       version
 *   COMPACTED GAPS          two offsets
 *   crc CRC                 CRC-32C of the lines above, decimal
 * </pre>
 *
 * <p>Below the first offset no key has two records; without the file it is 0, and all is compacted again, which changes nothing. At or
 * above the second no offset is missing, so that recovery can tell a batch that was lost from one that was compacted away.
 *
 * <p>Threading: safe.
 */
final class CompactionState {

    private static final String VERSION = "0\n";
    private static final Pattern CONTENTS = Pattern.compile("(0\n(\\d{1,19}) (\\d{1,19})\n)crc (\\d{1,10})\n");

    private final Storage storage;
    private final Reserve reserve;

    private volatile long compactedOffset;
    private volatile long gapsEndOffset;
    private volatile boolean damaged;
    private volatile boolean running;
    private volatile @Nullable String stopReason;

    CompactionState(Storage storage, Reserve reserve) {
        this.storage = storage;
        this.reserve = reserve;
        Optional<String> contents = LogFiles.contents(storage, LogFiles.COMPACTED);
        if (contents.isPresent()) {
            Optional<Offsets> stored = Offsets.parse(contents.get());
            compactedOffset = stored.map(Offsets::compacted).orElse(0L);
            gapsEndOffset = stored.map(Offsets::gapsEnd).orElse(Long.MAX_VALUE);
            damaged = stored.isEmpty();
        }
    }

    /**
     * What the file of a log that need not be open says.
     *
     * @return empty when there is no file
     * @throws CorruptLogException when it is damaged
     */
    static OptionalLong gapsEndOffset(Storage storage) {
        Optional<String> contents = LogFiles.contents(storage, LogFiles.COMPACTED);
        if (contents.isEmpty()) {
            return OptionalLong.empty();
        }
        Optional<Offsets> stored = Offsets.parse(contents.get());
        return OptionalLong.of(stored.map(Offsets::gapsEnd)
                .orElseThrow(() -> new CorruptLogException(
                        LogFiles.COMPACTED, 0, "no state of a compaction; offsets may be missing anywhere")));
    }

    /** What the file holds. */
    private record Offsets(long compacted, long gapsEnd) {

        static Optional<Offsets> parse(String contents) {
            Matcher found = CONTENTS.matcher(contents);
            return found.matches() && found.group(4).equals(Long.toString(crc(found.group(1))))
                    ? Optional.of(new Offsets(Long.parseLong(found.group(2)), Long.parseLong(found.group(3))))
                    : Optional.empty();
        }
    }

    private static long crc(String lines) {
        CRC32C crc = new CRC32C();
        crc.update(lines.getBytes(StandardCharsets.UTF_8));
        return crc.getValue();
    }

    private void save(long compacted, long gapsEnd) {
        String lines = VERSION + compacted + " " + gapsEnd + "\n";
        String contents = lines + "crc " + crc(lines) + "\n";
        reserve.write(() -> LogFiles.replace(storage, LogFiles.COMPACTED, contents, true));
        compactedOffset = compacted;
        gapsEndOffset = gapsEnd;
        damaged = false;
    }

    /** Offset below which no key has two records, exclusive. */
    long compactedOffset() {
        return compactedOffset;
    }

    /** Offset from which on none is missing. */
    long gapsEndOffset() {
        return gapsEndOffset;
    }

    /** Records below an offset are about to be removed, or to come without others that were removed elsewhere. */
    synchronized void mayLeaveGapsBelow(long offset) {
        if (offset > gapsEndOffset) {
            save(compactedOffset, offset);
        }
    }

    /** All below an offset is compacted. */
    synchronized void completed(long endOffset) {
        save(endOffset, Math.max(gapsEndOffset, endOffset));
    }

    /** What stands at or above an offset is about to be replaced by something else. Replaces a damaged file, too. */
    synchronized void forgetFrom(long offset) {
        if (damaged || offset < compactedOffset) {
            save(Math.min(offset, compactedOffset), gapsEndOffset);
        }
    }

    /** Forgets all: the log was started anew, and the file with it. */
    synchronized void forget() {
        compactedOffset = 0;
        gapsEndOffset = 0;
        damaged = false;
        stopReason = null;
    }

    boolean isRunning() {
        return running;
    }

    void running(boolean isRunning) {
        running = isRunning;
    }

    /** Why compaction has stopped until somebody looks, null when it has not. */
    @Nullable
    String stopReason() {
        return stopReason;
    }

    void stopped(@Nullable String reason) {
        stopReason = reason;
    }
}
