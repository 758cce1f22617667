// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.benchmarks.log;

import java.nio.ByteBuffer;
import java.nio.file.Path;

/** Appends one batch again and again, and keeps the footprint to a few segments however much is appended. */
final class Appender implements AutoCloseable {

    private final AppendTarget target;
    private final ByteBuffer batch;
    private final int segmentBytes;
    private long sinceDeletionBytes;

    Appender(String name, Path directory, int segmentBytes, ByteBuffer batch) {
        this.target = Contenders.open(name, directory, segmentBytes);
        this.batch = batch;
        this.segmentBytes = segmentBytes;
    }

    long append() {
        return target.append(batch);
    }

    /** Deletes old segments after every segment's worth of appends. */
    void deleteWhenDue() {
        sinceDeletionBytes += batch.remaining();
        if (sinceDeletionBytes >= segmentBytes) {
            target.deleteOld();
            sinceDeletionBytes = 0;
        }
    }

    @Override
    public void close() {
        target.close();
    }
}
