// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.benchmarks.log;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import org.apache.kafka.common.record.internal.FileRecords;
import org.apache.kafka.common.record.internal.MemoryRecords;
import org.apache.kafka.common.record.internal.Records;
import org.apache.kafka.server.storage.log.FetchIsolation;
import org.apache.kafka.storage.internals.log.UnifiedLog;

/** Fetches ranges of Kafka's log into one buffer; the last batch of a range may be cut off, as Kafka's protocol allows. */
final class KafkaFetch {

    private final UnifiedLog log;
    private final int fetchBytes;
    private ByteBuffer buffer;

    KafkaFetch(UnifiedLog log, int fetchBytes) {
        this.log = log;
        this.fetchBytes = fetchBytes;
        this.buffer = ByteBuffer.allocateDirect(fetchBytes);
    }

    /** What the log has from an offset on, valid until the next call; empty at the end. */
    MemoryRecords at(long offset) {
        try {
            Records range = log.read(offset, fetchBytes, FetchIsolation.LOG_END, true).records;
            if (range.sizeInBytes() == 0) {
                return MemoryRecords.EMPTY;
            }
            if (buffer.capacity() < range.sizeInBytes()) {
                buffer = ByteBuffer.allocateDirect(range.sizeInBytes());
            }
            buffer.clear().limit(range.sizeInBytes());
            ((FileRecords) range).readInto(buffer, 0);
            return MemoryRecords.readableRecords(buffer);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
