// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.log;

import io.varve.log.index.SparseIndex;

/**
 * Finds the batch that holds an offset. The checksum of a batch does not cover its base offset: it is believed when it continues the
 * batch before it, and where offsets are missing when the batch behind it agrees.
 *
 * <p>Threading: confined to one thread. The segment is held meanwhile.
 */
final class BatchLookup {

    private final Segment segment;
    private final SparseIndex index;
    private final long limit;
    private final long offset;
    private final int entry;

    BatchLookup(Segment segment, SparseIndex index, long limit, long offset) {
        this.segment = segment;
        this.index = index;
        this.limit = limit;
        this.offset = offset;
        this.entry = index.entryAtOrBelow((int) Math.min(offset - segment.baseOffset(), Integer.MAX_VALUE));
    }

    /**
     * Position of the batch that holds the offset or, when it was compacted away, the next one that is there; the limit when there is
     * none.
     */
    long position() {
        BatchScan scan = segment.scan(entry < 0 ? 0 : index.position(entry), limit);
        long expected = segment.baseOffset();
        boolean first = entry >= 0;
        while (scan.next()) {
            if (!(first ? isIndexed(scan) : scan.baseOffset() == expected)) {
                return checkedPosition();
            }
            if (scan.lastOffset() >= offset) {
                return scan.position();
            }
            expected = scan.lastOffset() + 1;
            first = false;
        }
        return limit;
    }

    private boolean isIndexed(BatchScan scan) {
        return scan.lastOffset() == segment.baseOffset() + index.relativeOffset(entry);
    }

    /**
     * The same, believing only batches whose checksum is right and whose offsets agree with those around them.
     *
     * @throws CorruptLogException when the offset may have been in what is damaged
     */
    long checkedPosition() {
        // From an entry earlier: what stands before a batch tells whether its offsets are true.
        OrderedWalk walk = new OrderedWalk(
                segment.file(),
                segment.baseOffset(),
                entry < 1 ? 0 : index.position(entry - 1),
                limit,
                entry < 1 ? segment.baseOffset() : OrderedWalk.UNKNOWN,
                Long.MAX_VALUE,
                segment.endOffset());
        CorruptLogException damage = null;
        while (walk.next()) {
            String reason = walk.reason();
            if (reason != null) {
                damage = damage == null ? new CorruptLogException(segment.name(), walk.position(), reason) : damage;
            } else if (walk.lastOffset() < offset) {
                damage = null;
            } else if (damage == null || walk.baseOffset() <= offset) {
                return walk.position();
            } else {
                throw damage;
            }
        }
        if (damage != null) {
            throw damage;
        }
        return limit;
    }
}
