// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.log;

/**
 * Told what happens in a log, after it has happened. See {@link LogConfig.Builder#listener}.
 *
 * <p>Threading: called by the thread that did it, in no lock that appends or reads need, so calls may overlap. A listener should be
 * quick; an exception that it throws reaches the caller of the log, whose operation stands.
 */
public interface LogListener {

    /** A listener that does nothing. */
    LogListener NONE = new LogListener() {};

    /**
     * Opening has found the log as {@code report} says.
     *
     * @param report what was found and done
     */
    default void onRecovery(RecoveryReport report) {}

    /**
     * A new segment is active.
     *
     * @param baseOffset its base offset
     */
    default void onRoll(long baseOffset) {}

    /**
     * All below an offset, exclusive, is durable.
     *
     * @param flushedOffset the first offset that is not durable
     */
    default void onFlush(long flushedOffset) {}

    /**
     * All below an offset, exclusive, was compacted.
     *
     * @param compactedOffset the first offset that was not
     */
    default void onCompact(long compactedOffset) {}

    /**
     * Compaction cannot go on, because of a batch that cannot be read for one; it does nothing until the log is opened again or gets
     * another policy. All else goes on.
     *
     * @param offset about where
     * @param reason why
     */
    default void onCompactionStopped(long offset, String reason) {}

    /**
     * Segments were deleted and the log now starts at this offset.
     *
     * @param startOffset the first offset that can be read now
     */
    default void onDelete(long startOffset) {}
}
