// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.log.tool;

import io.varve.log.LogDirectory;
import io.varve.log.batch.BatchDescriptor;
import io.varve.log.storage.Storage;
import io.varve.log.storage.StorageException;
import io.varve.log.storage.StorageFile;
import io.varve.log.walk.BatchWalk;
import java.util.List;

/**
 * Shows the batches of a log in their order, whatever is wrong with them. Nothing is changed.
 *
 * <p>Threading: safe.
 */
public final class LogDump {

    private LogDump() {}

    /**
     * Goes through the batches of a log.
     *
     * @param storage where the log is, best a {@link io.varve.log.storage.ReadOnlyStorage}
     * @param fromOffset batches that end below it are passed over
     * @param visitor told what is there
     * @throws StorageException when a file cannot be read
     */
    public static void dump(Storage storage, long fromOffset, DumpVisitor visitor) {
        Storage settled = TrialStorage.settled(storage);
        List<Long> baseOffsets = LogDirectory.of(settled).baseOffsets();
        for (int i = 0; i < baseOffsets.size(); i++) {
            boolean isBelow = i + 1 < baseOffsets.size() && baseOffsets.get(i + 1) <= fromOffset;
            if (!isBelow && !dumpSegment(settled, baseOffsets.get(i), fromOffset, visitor)) {
                return;
            }
        }
    }

    private static boolean dumpSegment(Storage storage, long baseOffset, long fromOffset, DumpVisitor visitor) {
        String name = LogDirectory.logName(baseOffset);
        try (StorageFile file = storage.open(name)) {
            long sizeBytes = file.sizeBytes();
            visitor.segment(name, baseOffset, sizeBytes);
            BatchWalk walk = new BatchWalk(file, baseOffset, 0, sizeBytes, true);
            boolean isOn = true;
            while (isOn && walk.next()) {
                String reason = walk.reason();
                if (reason == null) {
                    isOn = BatchDescriptor.lastOffset(walk.header(), walk.headerAt()) < fromOffset
                            || visitor.batch(walk.position(), walk.batch());
                } else if (!(walk.endPosition() == sizeBytes && walk.isZeros())) {
                    isOn = visitor.damage(walk.position(), walk.endPosition(), reason);
                }
            }
            return isOn;
        }
    }
}
