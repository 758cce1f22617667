// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.benchmarks.log;

import java.nio.ByteBuffer;
import java.util.Collections;
import java.util.Iterator;
import org.apache.kafka.common.record.internal.MemoryRecords;
import org.apache.kafka.common.record.internal.MutableRecordBatch;
import org.apache.kafka.storage.internals.log.UnifiedLog;
import org.jspecify.annotations.Nullable;

/** Fetches ranges of Kafka's log and compares the checksum of every batch, as its consumer does. */
final class KafkaReader implements ReadSource {

    private final KafkaFetch fetch;
    private MemoryRecords fetched = MemoryRecords.EMPTY;
    private Iterator<MutableRecordBatch> batches = Collections.emptyIterator();
    private int at;
    private long nextOffset;

    KafkaReader(UnifiedLog log, int fetchBytes) {
        this.fetch = new KafkaFetch(log, fetchBytes);
        this.nextOffset = log.logStartOffset();
    }

    @Override
    public @Nullable ByteBuffer next() {
        if (!batches.hasNext()) {
            fetched = fetch.at(nextOffset);
            batches = fetched.batches().iterator();
            at = 0;
            if (!batches.hasNext()) {
                return null;
            }
        }
        MutableRecordBatch batch = batches.next();
        batch.ensureValid();
        nextOffset = batch.nextOffset();
        ByteBuffer bytes = fetched.buffer().slice(at, batch.sizeInBytes());
        at += batch.sizeInBytes();
        return bytes;
    }

    @Override
    public void seek(long offset) {
        nextOffset = offset;
        batches = Collections.emptyIterator();
    }

    @Override
    public void close() {}
}
