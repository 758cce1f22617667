// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.log;

import io.varve.log.storage.Storage;
import java.util.List;
import java.util.regex.Pattern;

/**
 * Starts a log anew, empty, at an offset, so that a crash leaves the old log or the new one.
 *
 * <pre>
 *   1. OFFSET.reset, an empty file, is made, durably: from here on the log is empty and begins at OFFSET
 *   2. the files of all segments, the epochs and the state of compaction are deleted
 *   3. cursors beyond OFFSET are moved back to it, and OFFSET becomes the start offset, durably
 *   4. OFFSET.reset is deleted, durably
 * </pre>
 *
 * <p>Opening a log that holds such a file does steps 2 to 4 again; they do nothing that was done. The offset stands in the name, where
 * no bit can flip unseen.
 *
 * <p>Threading: confined to one thread, in the locks of deletion and upkeep once the log is open.
 */
final class LogReset {

    /** The largest offset at which a log may start: eighteen digits. */
    static final long LARGEST_OFFSET = 999_999_999_999_999_999L;

    private static final Pattern RESET = Pattern.compile("00\\d{18}\\.reset");

    private final Storage storage;
    private final Reserve reserve;
    private final Cursors cursors;

    LogReset(Storage storage, Reserve reserve, Cursors cursors) {
        this.storage = storage;
        this.reserve = reserve;
        this.cursors = cursors;
    }

    /** Whether a file says that the log is being started anew. */
    static boolean isReset(String name) {
        return name.endsWith(LogFiles.RESET) && RESET.matcher(name).matches();
    }

    private static String name(long offset) {
        return LogFiles.segment(offset, LogFiles.RESET);
    }

    /** Says that the log is to be started anew at an offset: when this returns it will be. On a full disk nothing has happened. */
    void begin(long offset) {
        reserve.write(() -> storage.open(name(offset)).close());
        storage.force();
    }

    /** Finishes what has begun. Nobody uses the files of the old segments by their names any more. */
    void finish(long offset) {
        for (String name : storage.names()) {
            if (LogFiles.isOfSegment(name) || SegmentSwap.isSwap(name)) {
                storage.delete(name);
            }
        }
        storage.delete(LogFiles.MANIFEST);
        storage.delete(LogFiles.EPOCHS);
        storage.delete(LogFiles.COMPACTED);
        cursors.moveBackTo(offset);
        reserve.write(() -> LogFiles.replace(storage, LogFiles.START_OFFSET, offset + "\n", true));
        storage.delete(name(offset));
        storage.force();
    }

    /** Finishes what a crash has interrupted; whether there was something. */
    boolean recover(List<String> names) {
        boolean found = false;
        for (String name : names) {
            if (isReset(name)) {
                found = true;
                finish(LogFiles.baseOffset(name));
            }
        }
        return found;
    }
}
