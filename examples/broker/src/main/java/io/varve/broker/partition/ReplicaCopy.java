// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.partition;

import io.varve.log.LogSlice;
import io.varve.log.job.Throttle;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;

/**
 * A copy of a replica in another directory of the broker, which grows until it can take its place (KIP-113).
 *
 * <p>Threading: {@link #copySome} by one thread at a time, at last on the partition's lane, where nothing is appended meanwhile; any thread
 * may ask how far it is.
 */
public final class ReplicaCopy {

    private static final int CHUNK_BYTES = 1 << 20;

    /** When so little was left for a step, the lane can wait for the rest. */
    private static final int LITTLE_BYTES = 64 << 10;

    private final Partition source;
    private final Path directory;
    private final PartitionLog copy;
    private int sourceCuts;
    private boolean isClosed;

    ReplicaCopy(Partition source, Path directory, PartitionLog copy) {
        this.source = source;
        this.directory = directory;
        this.copy = copy;
        beginAnew();
    }

    Partition source() {
        return source;
    }

    /** The partition. */
    public TopicPartition id() {
        return source.id();
    }

    /** The log directory that it goes to. */
    public Path directory() {
        return directory;
    }

    /** Bytes that have been copied. */
    public long sizeBytes() {
        return copy.log().sizeBytes();
    }

    /** How many offsets it is behind. */
    public long lag() {
        return Math.max(0, source.log().endOffset() - copy.endOffset());
    }

    /** What is cut off of the source may be replaced by something else at the same offsets. */
    private void beginAnew() {
        sourceCuts = source.replicaLog().cuts();
        if (copy.endOffset() != source.log().startOffset() || copy.startOffset() != copy.endOffset()) {
            copy.resetTo(source.log().startOffset());
        }
    }

    /** Copies as much as one step does; returns the bytes, 0 when it has all. */
    int copySome() {
        int bytes = 0;
        try (LogSlice slice = source.log()
                .slice(
                        Math.max(copy.endOffset(), source.log().startOffset()),
                        source.log().endOffset(),
                        CHUNK_BYTES)) {
            bytes = slice.sizeBytes();
            if (bytes > 0) {
                copy.appendFetched(slice.read());
            }
            copy.deleteBefore(Math.min(source.log().startOffset(), copy.endOffset()));
        } catch (RuntimeException e) {
            if (!isCut()) {
                throw e;
            }
        }
        if (isCut()) {
            beginAnew();
            return CHUNK_BYTES;
        }
        return bytes;
    }

    private boolean isCut() {
        return source.replicaLog().cuts() != sourceCuts;
    }

    /** Copies until only little is left, no faster than a throttle lets it. */
    void copyMost(Throttle throttle) throws InterruptedException {
        int bytes;
        do {
            bytes = copySome();
            long nowMs = TimeUnit.NANOSECONDS.toMillis(System.nanoTime());
            throttle.spend(bytes, nowMs);
            Thread.sleep(throttle.pauseMs(nowMs));
        } while (bytes > LITTLE_BYTES);
    }

    /** Copies the rest, and closes the copy; on the lane. */
    void complete() {
        while (copySome() > 0) {
            // until it has all
        }
        close();
    }

    /** Closes the copy. Idempotent. */
    void close() {
        if (!isClosed) {
            isClosed = true;
            copy.close();
        }
    }
}
