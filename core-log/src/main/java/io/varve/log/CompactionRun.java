// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.log;

import io.varve.log.batch.BatchDescriptor;
import io.varve.log.batch.RecordCursor;
import io.varve.log.compact.BatchFilter;
import io.varve.log.compact.CompactionOwner;
import io.varve.log.compact.CompactionPolicy;
import io.varve.log.compact.LatestRecords;
import io.varve.log.storage.Storage;
import java.nio.ByteBuffer;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One compaction of the sealed segments up to an offset, in small steps: reads what is new to learn the last record of each key, then
 * rewrites segment after segment and swaps each as soon as it is complete.
 *
 * <p>Older segments go first. So a tombstone is dropped only after the records that it deletes, whenever the run ends.
 *
 * <p>Threading: confined to the thread that steps the job.
 */
final class CompactionRun {

    private static final int STEP_BYTES = 1 << 20;
    private static final int OUTPUT_BYTES = 256 << 10;

    private static final SecureRandom SECRETS = new SecureRandom();

    private final CompactedSegments compacted;
    private final Plan plan;
    private final CompactionPolicy policy;
    private final CompactionOwner owner;
    private final LatestRecords latest;
    private final BatchFilter filter;
    private final ByteBuffer output = ByteBuffer.allocate(OUTPUT_BYTES);

    private Phase phase = Phase.MAP;
    private int at;
    private @Nullable BatchReader reader;
    private int groupStart;
    private int groupEnd;
    private @Nullable Segment cleaned;
    private boolean changed;
    private long writtenBytes;

    private enum Phase {
        /** Noting the latest offset of each key. */
        MAP,
        /** Settling what did not fit into memory. */
        SETTLE,
        /** Rewriting and swapping. */
        REWRITE,
        DONE,
        /** The log was truncated, or segments deleted, under the run: it is void. */
        OVERTAKEN
    }

    /**
     * What is to be done.
     *
     * @param segments all segments up to the end, at least one of them new
     * @param firstDirty index of the first that is new
     * @param endOffset base offset of the segment behind them
     * @param nowMs against which horizons are held
     * @param generation that of the log when the segments were chosen
     */
    record Plan(List<Segment> segments, int firstDirty, long endOffset, long nowMs, long generation) {}

    CompactionRun(
            CompactedSegments compacted, Storage storage, Plan plan, CompactionPolicy policy, CompactionOwner owner) {
        this.compacted = compacted;
        this.plan = plan;
        this.policy = policy;
        this.owner = owner;
        this.latest = new LatestRecords(storage, memoryBytes(plan, policy), SECRETS.nextLong(), SECRETS.nextLong());
        this.filter = new BatchFilter(latest::isLatest, owner, plan.nowMs(), policy);
        this.at = plan.firstDirty();
    }

    /** No more than so many offsets need. */
    private static int memoryBytes(Plan plan, CompactionPolicy policy) {
        long offsets = plan.endOffset() - plan.segments().get(plan.firstDirty()).baseOffset();
        long enough = Math.min(policy.memoryBytes(), offsets * LatestRecords.BYTES_OF_A_KEY);
        return (int) Math.max(LatestRecords.SMALLEST_MEMORY_BYTES, enough);
    }

    /** Does a bounded part; returns the bytes of log files that were moved, at least 1. */
    int step() {
        long writtenBefore = writtenBytes;
        int readBytes =
                switch (phase) {
                    case MAP -> map();
                    case SETTLE -> settle();
                    case REWRITE -> rewrite();
                    case DONE, OVERTAKEN -> 0;
                };
        return (int) Math.max(1, readBytes + writtenBytes - writtenBefore);
    }

    boolean isDone() {
        return phase == Phase.DONE || phase == Phase.OVERTAKEN;
    }

    boolean isComplete() {
        return phase == Phase.DONE;
    }

    /** Whether the log has changed under the run, so that what it found proves nothing. */
    boolean isOvertaken() {
        return phase == Phase.OVERTAKEN || compacted.isOvertaken(plan.generation());
    }

    /** First offset that is not compacted after the run. */
    long endOffset() {
        return plan.endOffset();
    }

    /** About where the run is. */
    long offset() {
        BatchReader current = reader;
        return current != null
                ? current.nextOffset()
                : plan.segments().get(Math.min(at, plan.segments().size() - 1)).baseOffset();
    }

    private int map() {
        int readBytes = scan(this::add);
        if (at == plan.segments().size()) {
            phase = Phase.SETTLE;
        }
        return readBytes;
    }

    private void add(ByteBuffer batch) {
        long producerId = BatchDescriptor.producerId(batch, 0);
        if (BatchDescriptor.isControl(batch, 0)
                || (BatchDescriptor.isTransactional(batch, 0)
                        && owner.isAborted(producerId, BatchDescriptor.baseOffset(batch, 0)))) {
            return;
        }
        try (RecordCursor records = RecordCursor.keys(batch, policy.maxBatchBytes())) {
            while (records.next()) {
                ByteBuffer key = records.key();
                if (key != null && !latest.add(key, records.offset())) {
                    // With temporary files the records of the whole range are needed: begin again at the first.
                    latest.spill();
                    reader = null;
                    at = 0;
                    return;
                }
            }
        }
    }

    private int settle() {
        if (!latest.settle()) {
            boolean valid = compacted.mayLeaveGapsBelow(plan.endOffset(), plan.generation());
            phase = valid ? Phase.REWRITE : Phase.OVERTAKEN;
            at = 0;
        }
        return 0;
    }

    private int rewrite() {
        if (cleaned == null) {
            beginGroup();
        }
        int readBytes = scan(this::write);
        if (phase == Phase.REWRITE && at == groupEnd) {
            endGroup();
        }
        return readBytes;
    }

    /** As many neighbours as fit into one segment become one. */
    private void beginGroup() {
        List<Segment> segments = plan.segments();
        long baseOffset = segments.get(at).baseOffset();
        long largest = compacted.largestBytes();
        long bytes = 0;
        groupStart = at;
        groupEnd = at;
        while (groupEnd < segments.size()) {
            Segment next = segments.get(groupEnd);
            bytes += next.sizeBytes();
            if (groupEnd > groupStart && (bytes > largest || next.endOffset() - baseOffset > Integer.MAX_VALUE)) {
                break;
            }
            groupEnd++;
        }
        changed = false;
        cleaned = compacted.create(baseOffset);
    }

    private void write(ByteBuffer batch) {
        ByteBuffer stays = filter.filter(batch);
        changed |= !batch.equals(stays);
        if (stays == null) {
            return;
        }
        if (stays.remaining() > output.remaining()) {
            flush();
        }
        if (stays.remaining() > output.remaining()) {
            append(stays);
        } else {
            output.put(stays.duplicate());
        }
    }

    private void flush() {
        output.flip();
        if (output.hasRemaining()) {
            append(output);
        }
        output.clear();
    }

    private void append(ByteBuffer batches) {
        Segment target = current();
        if (target.sizeBytes() + batches.remaining() > Segment.MAX_BYTES) {
            throw new CorruptLogException(
                    target.name(),
                    target.sizeBytes(),
                    "a segment does not fit into its file any more when compressed anew");
        }
        writtenBytes += batches.remaining();
        target.append(batches);
    }

    private Segment current() {
        Segment target = cleaned;
        if (target == null) {
            throw new IllegalStateException("no segment is being written");
        }
        return target;
    }

    private void endGroup() {
        flush();
        Segment target = current();
        List<Segment> group = new ArrayList<>(plan.segments().subList(groupStart, groupEnd));
        if (group.size() == 1 && !changed) {
            target.discard();
        } else {
            target.seal();
            target.retire();
            if (!compacted.swap(group, target, plan.generation())) {
                phase = Phase.OVERTAKEN;
                return;
            }
        }
        cleaned = null;
        if (at == plan.segments().size()) {
            boolean valid = compacted.completed(plan.endOffset(), plan.generation());
            phase = valid ? Phase.DONE : Phase.OVERTAKEN;
        }
    }

    private interface Sink {
        void accept(ByteBuffer batch);
    }

    /** Hands over batches of the segment at {@link #at}, at most a step's worth; returns their length. */
    private int scan(Sink sink) {
        BatchReader current = reader;
        if (current == null) {
            current = new BatchReader(plan.segments().get(at), policy.maxBatchBytes());
            reader = current;
        }
        if (!current.segment().hold()) {
            phase = Phase.OVERTAKEN;
            return 0;
        }
        int readBytes = 0;
        try {
            while (readBytes < STEP_BYTES && reader == current) {
                ByteBuffer batch = current.next();
                if (batch == null) {
                    reader = null;
                    at++;
                } else {
                    readBytes += batch.remaining();
                    sink.accept(batch);
                }
            }
        } finally {
            current.segment().release();
        }
        return readBytes;
    }

    /** Closes what an unfinished run has left, when the log has failed or was closed: opening it removes the files. */
    void abandon() {
        Segment unfinished = cleaned;
        if (unfinished != null) {
            unfinished.retire();
        }
        latest.abandon();
    }

    /** Removes what an unfinished run has left. */
    void close() {
        Segment unfinished = cleaned;
        if (unfinished != null) {
            unfinished.discard();
        }
        latest.close();
    }
}
