// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.log;

/** The log does not hold this offset, or no longer: reset the reader. */
public final class OffsetOutOfRangeException extends LogException {

    private static final long serialVersionUID = 1L;

    private final long offset;
    private final long startOffset;
    private final long endOffset;

    /**
     * Says which offsets.
     *
     * @param offset the offset that was asked for
     * @param startOffset the first offset that can be read
     * @param endOffset one past the last offset
     */
    public OffsetOutOfRangeException(long offset, long startOffset, long endOffset) {
        super("offset out of range: offset=" + offset + ", startOffset=" + startOffset + ", endOffset=" + endOffset);
        this.offset = offset;
        this.startOffset = startOffset;
        this.endOffset = endOffset;
    }

    /** {@return the offset that was asked for} */
    public long offset() {
        return offset;
    }

    /** {@return the first offset that can be read} */
    public long startOffset() {
        return startOffset;
    }

    /** {@return one past the last offset} */
    public long endOffset() {
        return endOffset;
    }
}
