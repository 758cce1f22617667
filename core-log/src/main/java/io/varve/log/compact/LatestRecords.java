// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.log.compact;

import io.varve.log.storage.Storage;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * Tells which records of a range are the last of their key, in bounded memory whatever the number of keys.
 *
 * <p>First the records that may supersede others are {@linkplain #add added}. When their keys do not fit into memory, {@link #add}
 * says so: then {@link #spill} and add again, this time all records of the range, which go to temporary files. Then {@link #settle}
 * until there is nothing left to do. From then on {@link #isLatest} answers, for offsets in increasing order.
 *
 * <p>Keys are told apart by a keyed hash of 128 bits; see {@link KeyHash}.
 *
 * <p>Threading: confined to one thread.
 */
public final class LatestRecords implements AutoCloseable {

    /** How the names of the temporary files end. What a crash leaves of them is worth nothing and may be deleted. */
    public static final String SPILL_SUFFIX = ".spill";

    /** The least memory there may be, bytes. */
    public static final int SMALLEST_MEMORY_BYTES = 64 << 10;

    /** Memory with which so many keys fit, bytes for each. */
    public static final int BYTES_OF_A_KEY = 48;

    private static final int LARGEST_BUFFER_BYTES = 1 << 20;
    private static final int SHARE_OF_A_BUFFER = 64;

    private final Storage storage;
    private final KeyHash hash;
    private final KeyTable table;
    private final int bufferBytes;
    private @Nullable Spill spill;
    private @Nullable OffsetMerge superseded;
    private boolean settled;

    /**
     * Uses no memory to speak of but what it is allowed.
     *
     * @param storage where the temporary files go
     * @param memoryBytes how much memory is used in all, {@link #SMALLEST_MEMORY_BYTES} or more
     * @param secret0 one half of the secret of the hash, which should be random and different each time
     * @param secret1 the other half
     */
    public LatestRecords(Storage storage, int memoryBytes, long secret0, long secret1) {
        if (memoryBytes < SMALLEST_MEMORY_BYTES) {
            throw new IllegalArgumentException(
                    "out of range: memoryBytes=" + memoryBytes + ", smallest=" + SMALLEST_MEMORY_BYTES);
        }
        this.storage = storage;
        this.hash = new KeyHash(secret0, secret1);
        int entryBytes = KeyTable.SLOT_BYTES;
        this.bufferBytes = Math.min(LARGEST_BUFFER_BYTES, memoryBytes / SHARE_OF_A_BUFFER) / entryBytes * entryBytes;
        this.table = new KeyTable(memoryBytes - Spill.BUFFERS * bufferBytes);
    }

    /**
     * Adds a record; offsets increase.
     *
     * @param key from position to limit; not moved
     * @param offset offset of the record, larger than at the call before
     * @return false when there are more keys than fit into memory; see {@link #spill}
     */
    public boolean add(ByteBuffer key, long offset) {
        hash.hash(key);
        Spill files = spill;
        if (files == null) {
            return table.put(hash.high, hash.low, offset);
        }
        files.add(hash.high, hash.low, offset);
        return true;
    }

    /** Goes on with temporary files; all records of the range are to be added from the first one. */
    public void spill() {
        spill = new Spill(storage, table, bufferBytes);
    }

    /** {@return whether temporary files are used} */
    public boolean isSpilled() {
        return spill != null;
    }

    /**
     * Does a bounded part of what must be done after the last record was added.
     *
     * @return false when all is done
     */
    public boolean settle() {
        Spill files = spill;
        if (files == null) {
            return false;
        }
        if (!settled) {
            settled = true;
            files.finish();
            return true;
        }
        if (superseded != null) {
            return false;
        }
        if (!files.step()) {
            superseded = files.superseded();
        }
        return true;
    }

    /**
     * Whether no later record with the same key was added.
     *
     * @param key the key of the record, from position to limit; not moved
     * @param offset the offset of the record, larger than at the call before
     * @return false when the record is superseded
     */
    public boolean isLatest(ByteBuffer key, long offset) {
        OffsetMerge merge = superseded;
        if (merge == null) {
            hash.hash(key);
            return table.get(hash.high, hash.low) <= offset;
        }
        while (merge.peek() < offset) {
            merge.pop();
        }
        return merge.peek() != offset;
    }

    /** Closes the temporary files and leaves them: opening the log deletes them. */
    public void abandon() {
        Spill files = spill;
        if (files != null) {
            files.close();
        }
    }

    /** Deletes the temporary files. */
    @Override
    public void close() {
        Spill files = spill;
        if (files != null) {
            files.delete();
        }
    }
}
