// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.log.index;

import io.varve.log.storage.Storage;
import io.varve.log.storage.StorageFile;
import java.nio.ByteBuffer;

/**
 * Kafka's own two index files of a segment, so that a partition's directory can be handed to Kafka's tools. They are written when a
 * segment is sealed and never read.
 *
 * <pre>
 *   .index      entries of 8 bytes:  last offset of a batch minus the base offset (4), position of the batch (4)
 *   .timeindex  entries of 12 bytes: largest timestamp so far (8), last offset of the batch that has it minus the base offset (4)
 * </pre>
 *
 */
public final class KafkaIndexes {

    private static final int OFFSET_ENTRY_BYTES = 8;
    private static final int TIME_ENTRY_BYTES = 12;

    /** A process that dies leaves a whole file or none under the name; opening the log removes what is called so. */
    private static final String UNFINISHED = ".tmp";

    private KafkaIndexes() {}

    /**
     * Writes both files of a sealed segment. They are not forced: nothing of ours depends on them.
     *
     * @param storage where the files are
     * @param offsetIndexName name of the offset index
     * @param timeIndexName name of the time index
     * @param index the entries
     * @param end the entry that closes the time index
     */
    public static void save(
            Storage storage, String offsetIndexName, String timeIndexName, SparseIndex index, SealedEnd end) {
        save(storage, offsetIndexName, offsets(index));
        save(storage, timeIndexName, times(index, end));
    }

    /**
     * Whether a file holds what {@link #save} would write, or is absent.
     *
     * @param storage where the file is
     * @param name name of the file
     * @param expected {@link #offsets} or {@link #times}
     * @return false when the file holds something else
     */
    public static boolean agrees(Storage storage, String name, ByteBuffer expected) {
        if (!storage.exists(name)) {
            return true;
        }
        try (StorageFile file = storage.open(name)) {
            if (file.sizeBytes() != expected.remaining()) {
                return false;
            }
            ByteBuffer found = ByteBuffer.allocate(expected.remaining());
            file.read(found, 0);
            return found.flip().equals(expected);
        }
    }

    /** The entry that closes the time index: the largest timestamp of the segment and where it is; -1 when there is none. */
    public record SealedEnd(long maxTimestampMs, int maxTimestampRelativeOffset) {}

    /**
     * {@return what the offset index of a segment holds}
     *
     * @param index the entries
     */
    public static ByteBuffer offsets(SparseIndex index) {
        ByteBuffer out = ByteBuffer.allocate(index.entryCount() * OFFSET_ENTRY_BYTES);
        for (int i = 0; i < index.entryCount(); i++) {
            out.putInt(index.relativeOffset(i)).putInt(index.position(i));
        }
        return out.flip();
    }

    /**
     * {@return what the time index of a sealed segment holds}
     *
     * @param index the entries
     * @param end the entry that closes the time index
     */
    public static ByteBuffer times(SparseIndex index, SealedEnd end) {
        ByteBuffer out = ByteBuffer.allocate((index.entryCount() + 1) * TIME_ENTRY_BYTES);
        long lastMs = -1;
        for (int i = 0; i < index.entryCount(); i++) {
            if (index.maxTimestampMs(i) > lastMs) {
                lastMs = index.maxTimestampMs(i);
                out.putLong(lastMs).putInt(index.maxTimestampRelativeOffset(i));
            }
        }
        if (end.maxTimestampMs() > lastMs) {
            out.putLong(end.maxTimestampMs()).putInt(end.maxTimestampRelativeOffset());
        }
        return out.flip();
    }

    private static void save(Storage storage, String name, ByteBuffer bytes) {
        try (StorageFile file = storage.open(name + UNFINISHED)) {
            file.truncate(0);
            file.write(bytes, 0);
        }
        storage.rename(name + UNFINISHED, name);
    }
}
