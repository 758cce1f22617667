// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.benchmarks.log;

import io.varve.log.batch.BatchDescriptor;
import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;
import net.openhft.chronicle.bytes.Bytes;
import net.openhft.chronicle.core.time.SetTimeProvider;
import net.openhft.chronicle.queue.ChronicleQueue;
import net.openhft.chronicle.queue.ExcerptAppender;
import net.openhft.chronicle.queue.RollCycle;
import net.openhft.chronicle.queue.RollCycles;
import net.openhft.chronicle.queue.impl.StoreFileListener;
import net.openhft.chronicle.queue.impl.single.SingleChronicleQueueBuilder;
import org.jspecify.annotations.Nullable;

/**
 * Chronicle Queue, one excerpt per batch: the bytes go into a mapped file, with an index and without a checksum.
 *
 * <p>It rolls by time. Its clock is a hand that moves on by one cycle whenever a segment is full, so that it rolls as often as the
 * others.
 */
final class ChronicleLog implements AppendTarget {

    private static final RollCycle ROLL_CYCLE = RollCycles.FAST_HOURLY;

    private final SetTimeProvider clock = new SetTimeProvider(0L);
    private final Deque<Path> files = new ArrayDeque<>();
    private final ChronicleIndex index = new ChronicleIndex(ROLL_CYCLE);
    private final int segmentBytes;
    private final ChronicleQueue queue;
    private final ExcerptAppender appender;
    private @Nullable ByteBuffer wrapped;
    private Bytes<?> bytes = Bytes.allocateElasticOnHeap(0);
    private long segmentFill;
    private long endOffset;

    private ChronicleLog(Path directory, int segmentBytes) {
        this.segmentBytes = segmentBytes;
        this.queue = SingleChronicleQueueBuilder.binary(directory)
                .rollCycle(ROLL_CYCLE)
                .timeProvider(clock)
                .storeFileListener(new Created())
                .build();
        this.appender = queue.createAppender();
    }

    static ChronicleLog open(Path directory, int segmentBytes) {
        return new ChronicleLog(directory, segmentBytes);
    }

    /** Wraps a buffer once, as long as it is the same one; that the contents are equal proves nothing. */
    @Override
    @SuppressWarnings("ReferenceEquality")
    public long append(ByteBuffer batch) {
        if (batch != wrapped) {
            wrapped = batch;
            // A duplicate, because wrapping changes the byte order of the buffer.
            bytes = Bytes.wrapForRead(batch.duplicate());
        }
        int batchBytes = batch.remaining();
        if (segmentFill + batchBytes > segmentBytes) {
            clock.advanceMillis(ROLL_CYCLE.lengthInMillis());
            segmentFill = 0;
        }
        segmentFill += batchBytes;
        long baseOffset = endOffset;
        BatchDescriptor.patch(batch, 0, baseOffset, Batches.EPOCH);
        bytes.readPositionRemaining(0, batchBytes);
        appender.writeBytes(bytes);
        index.appended(baseOffset, appender.lastIndexAppended());
        endOffset += BatchDescriptor.recordCount(batch, 0);
        return baseOffset;
    }

    @Override
    public void deleteOld() {
        while (files.size() > 2) {
            try {
                Files.deleteIfExists(files.removeFirst());
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }

    @Override
    public ReadSource read(int fetchBytes) {
        return new ChronicleReader(queue.createTailer(), index);
    }

    @Override
    public void close() {
        appender.close();
        queue.close();
    }

    /** Learns the names of new files; a file is created by the thread that appends. */
    private final class Created implements StoreFileListener {

        @Override
        public void onAcquired(int cycle, File file) {
            if (!file.toPath().equals(files.peekLast())) {
                files.addLast(file.toPath());
            }
        }

        @Override
        public void onReleased(int cycle, File file) {}
    }
}
