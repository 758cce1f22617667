// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.log.tool;

import io.varve.log.batch.BatchDescriptor;
import io.varve.log.batch.InvalidBatchException;
import io.varve.log.storage.StorageFile;
import java.nio.ByteBuffer;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/**
 * Goes through a segment's file piece by piece: valid batches, and stretches between them that hold none. Unlike a reader it never
 * stops at damage: behind it, it looks for the next valid batch, first where the damaged one says that it ends, then byte by byte.
 *
 * <p>Memory is bounded by the largest valid batch, whatever lengths a damaged one claims.
 *
 * <p>Threading: confined to one thread.
 */
final class SegmentWalk {

    private static final int WINDOW_BYTES = 1 << 20;
    /** A batch that claims more is read only after its checksum has been found right. */
    private static final int TRUSTED_BYTES = 4 << 20;

    private final StorageFile file;
    private final long baseOffset;
    private final long limit;
    private final boolean checked;

    private ByteBuffer window;
    private long windowStart;
    private long position;
    private long endPosition;
    private @Nullable String reason;

    /**
     * @param limit where the walk ends, exclusive
     * @param checked whether checksums are verified; otherwise a batch is only what its header says
     */
    SegmentWalk(StorageFile file, long baseOffset, long limit, boolean checked) {
        this.file = file;
        this.baseOffset = baseOffset;
        this.limit = limit;
        this.checked = checked;
        this.window = ByteBuffer.allocate((int) Math.min(limit, WINDOW_BYTES)).limit(0);
    }

    /** Moves to the next piece; false at the end. */
    boolean next() {
        position = endPosition;
        if (position >= limit) {
            return false;
        }
        reason = reasonAgainst(position);
        endPosition = reason == null ? position + claimedBytes(position) : endOfStretch();
        return true;
    }

    /** Where the piece begins. */
    long position() {
        return position;
    }

    /** One past the last byte of the piece. */
    long endPosition() {
        return endPosition;
    }

    /** Why the piece is no valid batch; null when it is one. */
    @Nullable
    String reason() {
        return reason;
    }

    /** The buffer that holds the header of the piece, at {@link #headerAt}, and with checksums the whole batch. */
    ByteBuffer header() {
        load(position, BatchDescriptor.HEADER_BYTES);
        return window;
    }

    int headerAt() {
        return at(position);
    }

    /** The batch, from position to limit; valid until the walk moves. */
    ByteBuffer batch() {
        int there = load(position, (int) (endPosition - position));
        return window.slice(at(position), there);
    }

    /** Whether a header begins here that could be one: whole, of our format, and inside the file. */
    boolean looksLikeBatch() {
        return load(position, BatchDescriptor.HEADER_BYTES) == BatchDescriptor.HEADER_BYTES
                && BatchDescriptor.magic(window, at(position)) == BatchDescriptor.MAGIC
                && claimedBytes(position) >= BatchDescriptor.HEADER_BYTES
                && claimedBytes(position) <= limit - position;
    }

    /** Whether the piece is all zeros: space that was prepared. */
    boolean isZeros() {
        for (long from = position; from < endPosition; ) {
            int there = load(from, (int) Math.min(WINDOW_BYTES, endPosition - from));
            for (int i = 0; i < there; i++) {
                if (window.get(at(from) + i) != 0) {
                    return false;
                }
            }
            from += there;
        }
        return true;
    }

    private @Nullable String reasonAgainst(long from) {
        int there = load(from, BatchDescriptor.HEADER_BYTES);
        if (there < BatchDescriptor.HEADER_BYTES) {
            return "the header is cut off: bytes=" + there;
        }
        if (BatchDescriptor.magic(window, at(from)) != BatchDescriptor.MAGIC) {
            return "no batch of format 2 begins here: magic=" + BatchDescriptor.magic(window, at(from));
        }
        int claimed = claimedBytes(from);
        if (claimed < BatchDescriptor.HEADER_BYTES || claimed > limit - from) {
            return "no batch begins here: sizeBytes=" + claimed + ", left=" + (limit - from);
        }
        if (!checked) {
            return BatchDescriptor.lastOffsetDelta(window, at(from)) < 0
                    ? "no batch begins here: lastOffsetDelta=" + BatchDescriptor.lastOffsetDelta(window, at(from))
                    : null;
        }
        return claimed > TRUSTED_BYTES && !isChecksumRight(from, claimed)
                ? "the checksum is wrong: sizeBytes=" + claimed
                : reasonOfCheck(from, claimed);
    }

    private @Nullable String reasonOfCheck(long from, int claimed) {
        load(from, claimed);
        try {
            BatchDescriptor.check(window, at(from), at(from) + claimed, Integer.MAX_VALUE);
            return null;
        } catch (InvalidBatchException e) {
            return String.valueOf(e.getMessage());
        }
    }

    /** The checksum of a batch that need not fit into memory. */
    private boolean isChecksumRight(long from, int claimed) {
        int expected = BatchDescriptor.crc(window, at(from));
        CRC32C crc = new CRC32C();
        long end = from + claimed;
        for (long covered = from + BatchDescriptor.CRC_COVERS_FROM; covered < end; ) {
            int there = load(covered, (int) Math.min(WINDOW_BYTES, end - covered));
            crc.update(window.duplicate().position(at(covered)).limit(at(covered) + there));
            covered += there;
        }
        return (int) crc.getValue() == expected;
    }

    private long endOfStretch() {
        if (looksLikeBatch()) {
            long claimedEnd = position + claimedBytes(position);
            if (claimedEnd == limit || isBatchAt(claimedEnd)) {
                return claimedEnd;
            }
        }
        for (long from = position + 1; from <= limit - BatchDescriptor.HEADER_BYTES; from++) {
            if (isBatchAt(from)) {
                return from;
            }
        }
        return limit;
    }

    /** Whether a valid batch begins here; cheap for almost all bytes that do not begin one. */
    private boolean isBatchAt(long from) {
        if (load(from, BatchDescriptor.HEADER_BYTES) < BatchDescriptor.HEADER_BYTES) {
            return false;
        }
        int at = at(from);
        if (BatchDescriptor.magic(window, at) != BatchDescriptor.MAGIC) {
            return false;
        }
        int claimed = claimedBytes(from);
        int count = BatchDescriptor.recordCount(window, at);
        int delta = BatchDescriptor.lastOffsetDelta(window, at);
        long relativeOffset = BatchDescriptor.baseOffset(window, at) - baseOffset;
        return claimed >= BatchDescriptor.HEADER_BYTES
                && claimed <= limit - from
                && count >= 0
                && delta >= count - 1
                && relativeOffset >= 0
                && relativeOffset <= Integer.MAX_VALUE
                && (claimed <= TRUSTED_BYTES || isChecksumRight(from, claimed))
                && reasonOfCheck(from, claimed) == null;
    }

    private int claimedBytes(long from) {
        load(from, BatchDescriptor.HEADER_BYTES);
        return BatchDescriptor.sizeBytes(window, at(from));
    }

    private int at(long from) {
        return (int) (from - windowStart);
    }

    /** Makes bytes available, as many as wanted or as there are; returns how many. */
    private int load(long from, int wanted) {
        int there = (int) Math.min(wanted, limit - from);
        if (from < windowStart || from + there > windowStart + window.limit()) {
            if (there > window.capacity()) {
                window = ByteBuffer.allocate(there);
            }
            window.clear().limit((int) Math.min(window.capacity(), limit - from));
            file.read(window, from);
            window.flip();
            windowStart = from;
        }
        return Math.min(there, Math.max(0, window.limit() - at(from)));
    }
}
