// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.log;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import io.varve.log.CommitLog.OffsetAndEpoch;
import io.varve.log.storage.Storage;
import io.varve.log.storage.StorageException;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;

/**
 * Which leader epoch began at which offset, in the file format of Kafka's leader-epoch-checkpoint. Source: KIP-101.
 *
 * <p>Threading: one writer, any readers.
 */
final class EpochHistory {

    private static final int FORMAT_VERSION = 0;

    private final Storage storage;

    @GuardedBy("this")
    private final NavigableMap<Integer, Long> startOffsets = new TreeMap<>();

    @GuardedBy("this")
    private boolean durable = true;

    private volatile int latest = -1;

    private EpochHistory(Storage storage) {
        this.storage = storage;
    }

    /** Reads what an earlier run stored; entries that the file cannot prove are dropped, recovery finds them in the batches. */
    static EpochHistory load(Storage storage) {
        EpochHistory history = new EpochHistory(storage);
        LogFiles.contents(storage, LogFiles.EPOCHS).ifPresent(history::parse);
        return history;
    }

    private synchronized void parse(String contents) {
        String[] lines = contents.split("\n", -1);
        for (int i = 2; i < lines.length; i++) {
            String[] fields = lines[i].split(" ", -1);
            if (fields.length != 2 || !isNumber(fields[0]) || !isNumber(fields[1])) {
                break;
            }
            startOffsets.put(Integer.parseInt(fields[0]), Long.parseLong(fields[1]));
        }
        latest = startOffsets.isEmpty() ? -1 : startOffsets.lastKey();
    }

    /**
     * The epochs that a log's file lists, by their first offsets; empty when there is no file.
     *
     * @throws CorruptLogException when the file is not as {@link #save} writes it
     */
    static NavigableMap<Long, Integer> listed(Storage storage) {
        NavigableMap<Long, Integer> listed = new TreeMap<>();
        String contents = LogFiles.contents(storage, LogFiles.EPOCHS).orElse("0\n0\n");
        String[] lines = contents.split("\n", -1);
        int last = -1;
        for (int i = 2; i < lines.length - 1; i++) {
            String[] fields = lines[i].split(" ", -1);
            boolean sound = fields.length == 2 && isNumber(fields[0]) && isNumber(fields[1]);
            if (!sound || Long.parseLong(fields[0]) <= last || Long.parseLong(fields[0]) > Integer.MAX_VALUE) {
                throw new CorruptLogException(LogFiles.EPOCHS, 0, "not an epoch and its first offset: line=" + (i + 1));
            }
            last = Integer.parseInt(fields[0]);
            listed.put(Long.parseLong(fields[1]), last);
        }
        if (!contents.startsWith(FORMAT_VERSION + "\n" + (lines.length - 3) + "\n") || !contents.endsWith("\n")) {
            throw new CorruptLogException(LogFiles.EPOCHS, 0, "version or number of lines are wrong");
        }
        return listed;
    }

    private static boolean isNumber(String field) {
        return !field.isEmpty() && field.length() < 19 && field.chars().allMatch(Character::isDigit);
    }

    /** The latest epoch, -1 when there is none. */
    int latest() {
        return latest;
    }

    /** Notes that an epoch's first batch stands at this offset, unless the epoch is known. */
    void begin(int epoch, long offset) {
        if (epoch <= latest) {
            return;
        }
        synchronized (this) {
            startOffsets.put(epoch, offset);
            try {
                save(false);
            } catch (StorageException e) {
                startOffsets.remove(epoch);
                throw e;
            }
            latest = epoch;
            durable = false;
        }
    }

    /** Makes what is known durable. Until then the batches themselves tell; behind a checkpoint nobody reads them again. */
    synchronized void force() {
        if (!durable) {
            save(true);
            durable = true;
        }
    }

    /** Forgets what began at or beyond an offset. */
    synchronized void truncateTo(long endOffset) {
        if (startOffsets.values().removeIf(start -> start >= endOffset)) {
            latest = startOffsets.isEmpty() ? -1 : startOffsets.lastKey();
            save(true);
            durable = true;
        }
    }

    /** Forgets all: the log was started anew, and the file with it. */
    synchronized void forget() {
        startOffsets.clear();
        latest = -1;
        durable = true;
    }

    /** The answer to a follower that asks where an epoch ended: the largest epoch not above it and the end of that. */
    synchronized OffsetAndEpoch endOffsetOf(int epoch, long logEndOffset) {
        if (epoch == latest) {
            return new OffsetAndEpoch(logEndOffset, epoch);
        }
        Map.Entry<Integer, Long> known = startOffsets.floorEntry(epoch);
        Map.Entry<Integer, Long> next = startOffsets.higherEntry(epoch);
        if (next == null) {
            return new OffsetAndEpoch(-1, -1);
        }
        return new OffsetAndEpoch(next.getValue(), known == null ? epoch : known.getKey());
    }

    /** The epoch in which the record at an offset was appended, -1 when unknown. */
    synchronized int epochAt(long offset) {
        int found = -1;
        for (Map.Entry<Integer, Long> entry : startOffsets.entrySet()) {
            if (entry.getValue() > offset) {
                break;
            }
            found = entry.getKey();
        }
        return found;
    }

    @GuardedBy("this")
    private void save(boolean forced) {
        StringBuilder out = new StringBuilder();
        out.append(FORMAT_VERSION).append('\n').append(startOffsets.size()).append('\n');
        startOffsets.forEach(
                (epoch, offset) -> out.append(epoch).append(' ').append(offset).append('\n'));
        LogFiles.replace(storage, LogFiles.EPOCHS, out.toString(), forced);
    }
}
