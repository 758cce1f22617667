// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.log;

import io.varve.log.batch.BatchDescriptor;
import io.varve.log.storage.StorageFile;
import io.varve.log.walk.BatchWalk;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * Goes through the batches of a segment like {@link BatchWalk}, and does not believe their base offsets either, which no checksum covers:
 * a batch must begin where the one before it ends. Where offsets may be missing it may begin later, when the batch behind it agrees.
 *
 * <p>Threading: confined to one thread. The segment is held meanwhile.
 */
final class OrderedWalk {

    /** What is not known of the offset that comes next. */
    static final long UNKNOWN = -1;

    private final BatchWalk walk;
    private final long gapsEnd;
    private final long endOffset;
    private final ByteBuffer header = ByteBuffer.allocate(BatchDescriptor.HEADER_BYTES);

    private long expected;
    private boolean afterDamage;
    private boolean mistrusted;
    private boolean there;
    private long position;
    private long endPosition;
    private @Nullable String reason;

    /**
     * @param from where a batch should begin
     * @param expected offset with which the first one should begin, {@link #UNKNOWN} when any is right
     * @param gapsEnd below it, exclusive, offsets may be missing
     * @param endOffset below which a batch must end that does not just follow the one before
     */
    OrderedWalk(StorageFile file, long baseOffset, long from, long limit, long expected, long gapsEnd, long endOffset) {
        this.walk = new BatchWalk(file, baseOffset, from, limit, true);
        this.expected = expected;
        this.gapsEnd = gapsEnd;
        this.endOffset = endOffset;
        this.there = walk.next();
    }

    /** Moves to the next piece, a batch or a stretch that holds none to be believed; false at the end. */
    boolean next() {
        if (!there) {
            return false;
        }
        position = walk.position();
        endPosition = walk.endPosition();
        reason = walk.reason();
        if (reason == null) {
            header.clear()
                    .put(walk.header().slice(walk.headerAt(), BatchDescriptor.HEADER_BYTES))
                    .flip();
        }
        boolean distrusted = mistrusted;
        mistrusted = false;
        there = walk.next();
        if (reason == null && (distrusted || !isInOrder())) {
            reason = "base offset out of order: baseOffset=" + baseOffset() + ", expected=" + expected;
        }
        afterDamage = reason != null;
        if (reason == null) {
            expected = lastOffset() + 1;
        }
        return true;
    }

    private boolean isInOrder() {
        if (baseOffset() == expected) {
            return true;
        }
        boolean mayMiss = expected == UNKNOWN || expected < gapsEnd || afterDamage;
        if (baseOffset() < expected || lastOffset() >= endOffset || !mayMiss) {
            return false;
        }
        if (!there || walk.reason() != null) {
            return true;
        }
        long next = BatchDescriptor.baseOffset(walk.header(), walk.headerAt());
        boolean contradicted = next >= expected && next <= lastOffset();
        // One of the two says the wrong thing: this one, when the other follows where it should have been.
        long length = lastOffset() - baseOffset() + 1;
        mistrusted = contradicted && expected != UNKNOWN && next != expected + length;
        return !contradicted;
    }

    /** Where the piece begins. */
    long position() {
        return position;
    }

    /** One past the last byte of the piece. */
    long endPosition() {
        return endPosition;
    }

    /** Why the piece is no batch that can be believed; null when it is one. */
    @Nullable
    String reason() {
        return reason;
    }

    /** The header of the batch, at 0; valid until the walk moves. */
    ByteBuffer header() {
        return header;
    }

    long baseOffset() {
        return BatchDescriptor.baseOffset(header, 0);
    }

    long lastOffset() {
        return BatchDescriptor.lastOffset(header, 0);
    }

    /** The bytes, for who wants more of them. */
    BatchWalk bytes() {
        return walk;
    }
}
