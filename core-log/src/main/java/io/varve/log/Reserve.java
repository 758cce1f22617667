// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.log;

import io.varve.log.storage.OutOfSpaceException;
import io.varve.log.storage.Storage;
import io.varve.log.storage.StorageFile;
import java.nio.ByteBuffer;

/**
 * A file that is given up when the disk is full, so that the small files can still be written that make it possible to free space.
 *
 * <p>Threading: safe.
 */
final class Reserve {

    private final Storage storage;
    private final int sizeBytes;

    Reserve(Storage storage, int sizeBytes) {
        this.storage = storage;
        this.sizeBytes = sizeBytes;
    }

    /** Sets the space aside again; false when there is none. */
    synchronized boolean restore() {
        if (sizeBytes == 0 || storage.exists(LogFiles.RESERVE)) {
            return true;
        }
        try (StorageFile file = storage.open(LogFiles.RESERVE)) {
            file.write(ByteBuffer.allocate(sizeBytes), 0);
            return true;
        } catch (OutOfSpaceException e) {
            storage.delete(LogFiles.RESERVE);
            return false;
        }
    }

    /** Writes something small and, when the disk is full, once more with the reserved space. */
    synchronized void write(Runnable small) {
        try {
            small.run();
        } catch (OutOfSpaceException e) {
            if (!storage.exists(LogFiles.RESERVE)) {
                throw e;
            }
            storage.delete(LogFiles.RESERVE);
            small.run();
        }
    }
}
