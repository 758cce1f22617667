// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.log;

import io.varve.log.storage.Storage;

/**
 * What keeps the files of an open log, by noun. Which lock of {@link LogState} each is used in is said where it is defined.
 *
 * <p>Threading: immutable; the parts are not.
 *
 * @param storage where the files are
 * @param segments what was appended
 * @param nextSegment the file for what comes when the active segment is full
 * @param manifest what the sealed segments amount to
 * @param epochs which epochs have appended, and from where on
 * @param compaction how far compaction is
 * @param reserve space for the small files when the disk is full
 * @param cursors positions under names
 * @param reset how the log is started anew
 */
record LogParts(
        Storage storage,
        Segments segments,
        NextSegment nextSegment,
        Manifest manifest,
        EpochHistory epochs,
        CompactionState compaction,
        Reserve reserve,
        Cursors cursors,
        LogReset reset) {}
