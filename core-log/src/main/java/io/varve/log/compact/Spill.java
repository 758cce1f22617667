// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.log.compact;

import io.varve.log.storage.Storage;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Finds the superseded offsets of more keys than fit into a table.
 *
 * <p>Threading: confined to one thread.
 */
final class Spill {

    /*
     * Every record goes, as the hash of its key and its offset, into one of sixteen files, chosen by bits of the hash. So all records of a
     * key are in one file, in the order of their offsets. A file is settled by itself: its first reading puts the latest offset of each
     * key into the table, its second writes down the offsets that are not the latest. Offsets come out increasing without any sorting. A
     * file with too many keys for the table is split by the next bits, its parts are settled, and their results are merged into one, so
     * that never more than sixteen files are merged at a time. The hash is keyed, so nobody can make the parts uneven.
     *
     * What is left to do stands on a stack of steps; each call does a bounded part of the topmost.
     */

    static final int FAN_OUT_BITS = 4;
    static final int FAN_OUT = 1 << FAN_OUT_BITS;

    /** Buffers that are in use at a time: sixteen and one more to read from or to write to. */
    static final int BUFFERS = FAN_OUT + 1;

    private static final int ENTRIES_PER_STEP = 1 << 15;

    private final Storage storage;
    private final KeyTable table;
    private final int bufferBytes;
    private final Deque<Step> steps = new ArrayDeque<>();
    private final List<SpillFile> files = new ArrayList<>();
    private final List<SpillFile> superseded = new ArrayList<>();
    private final SpillFile[] parts;
    private int fileCount;

    /** Does a part of its work; false when it has done all. */
    private interface Step {
        boolean advance();
    }

    Spill(Storage storage, KeyTable table, int bufferBytes) {
        this.storage = storage;
        this.table = table;
        this.bufferBytes = bufferBytes;
        this.parts = newParts();
    }

    private SpillFile newFile() {
        SpillFile file = new SpillFile(storage, "compaction-" + fileCount++ + LatestRecords.SPILL_SUFFIX, bufferBytes);
        files.add(file);
        return file;
    }

    private SpillFile[] newParts() {
        SpillFile[] created = new SpillFile[FAN_OUT];
        for (int i = 0; i < FAN_OUT; i++) {
            created[i] = newFile();
        }
        return created;
    }

    private void delete(SpillFile file) {
        files.remove(file);
        file.delete();
    }

    /** Adds a record; offsets increase. */
    void add(long high, long low, long offset) {
        write(parts, 0, high, low, offset);
    }

    private static void write(SpillFile[] to, int depth, long high, long low, long offset) {
        int part = (int) (high >>> (Long.SIZE - FAN_OUT_BITS * (depth + 1))) & (FAN_OUT - 1);
        to[part].write(high);
        to[part].write(low);
        to[part].write(offset);
    }

    /** Ends the adding. */
    void finish() {
        for (SpillFile part : parts) {
            part.finish();
            steps.addLast(new Settle(part, 1, superseded));
        }
    }

    /** Does a bounded part of what is left; false when nothing is. */
    boolean step() {
        Step step = steps.peekFirst();
        if (step == null) {
            return false;
        }
        if (!step.advance()) {
            steps.remove(step);
        }
        return true;
    }

    /** The offsets that are not the latest of their keys, once all steps are done. */
    OffsetMerge superseded() {
        return new OffsetMerge(superseded);
    }

    void delete() {
        files.forEach(SpillFile::delete);
        files.clear();
    }

    void close() {
        files.forEach(SpillFile::close);
        files.clear();
    }

    /** Finds the superseded offsets in one file of records. */
    private final class Settle implements Step {

        private final SpillFile records;
        private final int depth;
        private final List<SpillFile> results;
        private boolean begun;
        private boolean mapped;
        private SpillFile result;

        Settle(SpillFile records, int depth, List<SpillFile> results) {
            this.records = records;
            this.depth = depth;
            this.results = results;
            this.result = records;
        }

        @Override
        public boolean advance() {
            if (!begun) {
                begun = true;
                table.clear();
            }
            for (int i = 0; i < ENTRIES_PER_STEP; i++) {
                if (!records.hasNext()) {
                    if (mapped) {
                        result.finish();
                        results.add(result);
                        delete(records);
                        return false;
                    }
                    mapped = true;
                    records.rewind();
                    result = newFile();
                    return true;
                }
                long high = records.next();
                long low = records.next();
                long offset = records.next();
                if (mapped) {
                    if (table.get(high, low) != offset) {
                        result.write(offset);
                    }
                } else if (!table.put(high, low, offset)) {
                    records.rewind();
                    steps.addFirst(new Split(records, depth, results));
                    steps.remove(this);
                    return true;
                }
            }
            return true;
        }
    }

    /** Splits a file of records that has too many keys. */
    private final class Split implements Step {

        private final SpillFile records;
        private final int depth;
        private final List<SpillFile> results;
        private final SpillFile[] to;

        Split(SpillFile records, int depth, List<SpillFile> results) {
            this.records = records;
            this.depth = depth;
            this.results = results;
            this.to = newParts();
        }

        @Override
        public boolean advance() {
            for (int i = 0; i < ENTRIES_PER_STEP; i++) {
                if (!records.hasNext()) {
                    delete(records);
                    List<SpillFile> settled = new ArrayList<>();
                    steps.remove(this);
                    steps.addFirst(new Merge(settled, results));
                    for (SpillFile part : to) {
                        part.finish();
                        steps.addFirst(new Settle(part, depth + 1, settled));
                    }
                    return true;
                }
                write(to, depth, records.next(), records.next(), records.next());
            }
            return true;
        }
    }

    /** Makes one result of those of the parts. */
    private final class Merge implements Step {

        private final List<SpillFile> settled;
        private final List<SpillFile> results;
        private final SpillFile result = newFile();
        private @Nullable OffsetMerge merge;

        Merge(List<SpillFile> settled, List<SpillFile> results) {
            this.settled = settled;
            this.results = results;
        }

        @Override
        public boolean advance() {
            OffsetMerge offsets = merge;
            if (offsets == null) {
                offsets = new OffsetMerge(settled);
                merge = offsets;
            }
            for (int i = 0; i < ENTRIES_PER_STEP; i++) {
                long offset = offsets.peek();
                if (offset == Long.MAX_VALUE) {
                    result.finish();
                    results.add(result);
                    settled.forEach(Spill.this::delete);
                    return false;
                }
                result.write(offset);
                offsets.pop();
            }
            return true;
        }
    }
}
