// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.coordination.quorum;

import io.varve.replication.OffsetAndEpoch;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * The snapshots of one member, as its machine sees them.
 *
 * <p>All methods are called on the owner's thread, and none of them does more than a chunk's worth of work. To check, force and load a
 * snapshot that was received is the owner's, who is told to by {@link QuorumAction.InstallSnapshot}.
 */
public interface QuorumSnapshots {

    /**
     * A part of a snapshot's file.
     *
     * @param fileBytes length of the whole file
     * @param bytes the part, from position to limit
     */
    record Chunk(long fileBytes, ByteBuffer bytes) {}

    /** {@return the newest snapshot that is durable and was found to be sound, null when there is none} */
    @Nullable
    QuorumSnapshot latest();

    /** {@return the end of the oldest snapshot that is kept, 0 when there is none: the log is needed from there on} */
    long oldestOffset();

    /**
     * Reads a part of a snapshot.
     *
     * @param end its name
     * @param position where the part begins, bytes
     * @param maxBytes length that is not exceeded
     * @return the part; null when there is no such snapshot or it was found to be damaged
     */
    @Nullable
    Chunk read(OffsetAndEpoch end, long position, int maxBytes);

    /**
     * {@return how many bytes of a snapshot have been received, and need not be sent again}
     *
     * @param end its name
     */
    long receivedBytes(OffsetAndEpoch end);

    /**
     * Keeps a part of a snapshot that is sent by another member; gives up any other that was begun.
     *
     * @param end its name
     * @param position where the part begins: as many bytes as have been received
     * @param bytes the part, from position to limit
     */
    void receive(OffsetAndEpoch end, long position, ByteBuffer bytes);
}
