// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.coordination.quorum;

import java.util.List;

/**
 * The log of one member, as its machine sees it: what was appended is readable at once, and durable when it has been forced.
 *
 * <p>The machine calls every method on its owner's thread. Forcing is not among them: the owner forces, on whatever thread it likes,
 * when it is told to by {@link QuorumAction.ForceLog}, and says so by {@link QuorumEvent.Forced}.
 */
public interface QuorumLog {

    /** {@return first offset that can be read} */
    long startOffset();

    /** {@return offset that the next entry gets} */
    long endOffset();

    /** {@return first offset that is not durable; moves back only when the log is truncated or reset} */
    long flushedOffset();

    /**
     * Appends entries, which need not be durable when this returns.
     *
     * @param entries one or more; their epochs do not go back
     */
    void append(List<QuorumEntry> entries);

    /**
     * Reads entries.
     *
     * @param offset offset of the first, from the start to the end of the log
     * @param maxBytes sum of their payloads that is not exceeded, except that the first entry is always whole
     * @return consecutive entries; empty at the end of the log
     */
    List<QuorumEntry> read(long offset, int maxBytes);

    /**
     * Removes the entries from an offset on; durable when it returns.
     *
     * @param offset the new end, exclusive; not below the start
     */
    void truncateTo(long offset);

    /**
     * Removes all entries and starts anew; durable when it returns.
     *
     * @param offset the new start and end
     */
    void resetTo(long offset);

    /**
     * Allows the entries before an offset to be removed.
     *
     * @param offset the new start, not above the end
     */
    void deleteBefore(long offset);
}
