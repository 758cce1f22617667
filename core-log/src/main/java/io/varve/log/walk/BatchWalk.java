// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.log.walk;

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
public final class BatchWalk {

    private static final int WINDOW_BYTES = 1 << 20;
    private static final int BLOCK_BYTES = 4096;
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
     * A walk that stands before its first piece.
     *
     * @param file read, and neither changed nor closed
     * @param baseOffset of the segment: smaller offsets are no batch's
     * @param from where the walk begins, bytes; a batch should begin there
     * @param limit where the walk ends, exclusive, bytes
     * @param checked whether checksums are verified; otherwise a batch is only what its header says
     */
    public BatchWalk(StorageFile file, long baseOffset, long from, long limit, boolean checked) {
        this.file = file;
        this.baseOffset = baseOffset;
        this.limit = limit;
        this.checked = checked;
        this.endPosition = from;
        this.window = ByteBuffer.allocate((int) Math.min(Math.max(0, limit - from), WINDOW_BYTES))
                .limit(0);
    }

    /**
     * Moves to the next piece.
     *
     * @return false at the end
     */
    public boolean next() {
        position = endPosition;
        if (position >= limit) {
            return false;
        }
        reason = reasonAgainst(position);
        endPosition = reason == null ? position + claimedBytes(position) : endOfStretch();
        return true;
    }

    /** {@return where the piece begins, bytes} */
    public long position() {
        return position;
    }

    /** {@return where the piece ends, exclusive, bytes} */
    public long endPosition() {
        return endPosition;
    }

    /** {@return why the piece is no valid batch; null when it is one} */
    public @Nullable String reason() {
        return reason;
    }

    /**
     * The buffer that holds the header of the piece, at {@link #headerAt}, and with checksums the whole batch.
     *
     * @return the walk's own buffer; valid until the walk moves or reads elsewhere
     */
    public ByteBuffer header() {
        load(position, BatchDescriptor.HEADER_BYTES);
        return window;
    }

    /** {@return where in {@link #header} the piece begins} */
    public int headerAt() {
        return at(position);
    }

    /**
     * The batch, whole.
     *
     * @return a view, from position to limit, of the walk's own buffer; valid until the walk moves or reads elsewhere
     */
    public ByteBuffer batch() {
        int there = load(position, (int) (endPosition - position));
        return window.slice(at(position), there);
    }

    /** {@return whether a header that could be one begins the piece: whole, of our format, and of a batch that ends inside the file} */
    public boolean looksLikeBatch() {
        return claimsBatch(position, limit);
    }

    /**
     * {@return whether a header of our format stands at a position and claims a batch that ends at or before another}
     *
     * @param from position of the header, bytes
     * @param end the other position, exclusive, bytes
     */
    public boolean claimsBatch(long from, long end) {
        return load(from, BatchDescriptor.HEADER_BYTES) == BatchDescriptor.HEADER_BYTES
                && BatchDescriptor.magic(window, at(from)) == BatchDescriptor.MAGIC
                && claimedBytes(from) >= BatchDescriptor.HEADER_BYTES
                && claimedBytes(from) <= end - from;
    }

    /** {@return whether the piece is all zeros: space that was prepared} */
    public boolean isZeros() {
        return dataEnd(position, endPosition) == position;
    }

    /**
     * Where the bytes from a position on end and space begins that was prepared and never written.
     *
     * @param from the position, bytes
     * @return {@code from} when all bytes are zero, else the end of the last block that is not all zero, exclusive
     */
    public long dataEnd(long from) {
        return dataEnd(from, limit);
    }

    private long dataEnd(long from, long to) {
        long end = from;
        for (long at = from; at < to; ) {
            long blockEnd = Math.min(to, (at / BLOCK_BYTES + 1) * BLOCK_BYTES);
            int there = load(at, (int) (blockEnd - at));
            if (!isZero(at(at), at(at) + there)) {
                end = blockEnd;
            }
            at = blockEnd;
        }
        return end;
    }

    private boolean isZero(int from, int to) {
        int at = from;
        for (; at <= to - Long.BYTES; at += Long.BYTES) {
            if (window.getLong(at) != 0) {
                return false;
            }
        }
        for (; at < to; at++) {
            if (window.get(at) != 0) {
                return false;
            }
        }
        return true;
    }

    /**
     * Makes a file a durable copy of the bytes between two positions.
     *
     * @param from where they begin
     * @param end where they end, exclusive
     * @param to the copy, whose contents are replaced; not closed
     */
    public void copy(long from, long end, StorageFile to) {
        to.truncate(0);
        for (long at = from; at < end; ) {
            int there = load(at, (int) Math.min(WINDOW_BYTES, end - at));
            to.write(window.slice(at(at), there), at - from);
            at += there;
        }
        to.force();
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
            load(position, BatchDescriptor.HEADER_BYTES);
            long next = BatchDescriptor.lastOffset(window, at(position)) + 1;
            // A length that is wrong may lead to a batch that is not the next one.
            if (claimedEnd == limit || (isBatchAt(claimedEnd) && baseOffset(claimedEnd) == next)) {
                return claimedEnd;
            }
        }
        for (long from = position + 1; from <= limit - BatchDescriptor.HEADER_BYTES; from++) {
            if (load(from, BatchDescriptor.HEADER_BYTES) < BatchDescriptor.HEADER_BYTES) {
                // The file was cut meanwhile.
                break;
            }
            if (BatchDescriptor.isBlank(window, at(from))) {
                from += Long.BYTES - 1;
            } else if (isBatchAt(from)) {
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

    private long baseOffset(long from) {
        load(from, BatchDescriptor.HEADER_BYTES);
        return BatchDescriptor.baseOffset(window, at(from));
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
