// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.benchmarks.log;

import io.varve.log.batch.BatchDescriptor;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Plain files, rolled: no checks, no index, nothing that survives the object but the bytes. A lower bound, not a log. */
final class PlainLog implements AppendTarget {

    /** Creates the file of a segment. */
    interface SegmentFactory {
        PlainSegment create(Path file, int segmentBytes) throws IOException;
    }

    /** A segment and how many bytes of it are filled. */
    static final class Filled {

        final Path file;
        final PlainSegment segment;
        int sizeBytes;

        Filled(Path file, PlainSegment segment) {
            this.file = file;
            this.segment = segment;
        }
    }

    private final Path directory;
    private final int segmentBytes;
    private final SegmentFactory factory;
    private final List<Filled> segments = new ArrayList<>();
    private Filled active;
    private long endOffset;

    private PlainLog(Path directory, int segmentBytes, SegmentFactory factory) throws IOException {
        this.directory = directory;
        this.segmentBytes = segmentBytes;
        this.factory = factory;
        this.active = roll();
    }

    static PlainLog channel(Path directory, int segmentBytes) {
        return open(directory, segmentBytes, (file, bytes) -> new ChannelSegment(file));
    }

    static PlainLog mapped(Path directory, int segmentBytes) {
        return open(directory, segmentBytes, MappedSegment::new);
    }

    private static PlainLog open(Path directory, int segmentBytes, SegmentFactory factory) {
        try {
            return new PlainLog(directory, segmentBytes, factory);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private Filled roll() throws IOException {
        Path file = directory.resolve(endOffset + ".plain");
        Filled rolled = new Filled(file, factory.create(file, segmentBytes));
        segments.add(rolled);
        return rolled;
    }

    @Override
    public long append(ByteBuffer batch) {
        long baseOffset = endOffset;
        BatchDescriptor.patch(batch, 0, baseOffset, Batches.EPOCH);
        int batchBytes = batch.remaining();
        try {
            if (active.sizeBytes + batchBytes > segmentBytes) {
                active = roll();
            }
            active.segment.write(batch, active.sizeBytes);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        batch.rewind();
        active.sizeBytes += batchBytes;
        endOffset += BatchDescriptor.recordCount(batch, 0);
        return baseOffset;
    }

    @Override
    public void deleteOld() {
        while (segments.size() > 2) {
            Filled old = segments.remove(0);
            try {
                Files.delete(old.file);
                old.segment.discard();
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }

    @Override
    public ReadSource read(int fetchBytes) {
        return new PlainReader(segments, fetchBytes);
    }

    @Override
    public void close() {
        try {
            for (Filled each : segments) {
                each.segment.close();
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
