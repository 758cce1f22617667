// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.benchmarks.log;

import java.nio.ByteBuffer;
import java.util.Collections;
import java.util.Iterator;
import org.apache.kafka.common.record.internal.MutableRecordBatch;
import org.apache.kafka.common.record.internal.Record;
import org.apache.kafka.storage.internals.log.UnifiedLog;

/** The records in what Kafka's log returns for a fetch of 1 MiB, taken out as its consumer takes them out. */
final class KafkaRecords implements RecordSource {

    private static final int FETCH_BYTES = 1 << 20;

    private final KafkaFetch fetch;
    private Iterator<MutableRecordBatch> batches = Collections.emptyIterator();
    private Iterator<Record> records = Collections.emptyIterator();
    private long nextOffset;

    KafkaRecords(UnifiedLog log) {
        this.fetch = new KafkaFetch(log, FETCH_BYTES);
        this.nextOffset = log.logStartOffset();
    }

    @Override
    public int next() {
        while (!records.hasNext()) {
            if (!batches.hasNext()) {
                batches = fetch.at(nextOffset).batches().iterator();
                if (!batches.hasNext()) {
                    return -1;
                }
            }
            MutableRecordBatch batch = batches.next();
            batch.ensureValid();
            nextOffset = batch.nextOffset();
            records = batch.iterator();
        }
        ByteBuffer value = records.next().value();
        return value.get(value.position()) & 0xff;
    }

    @Override
    public void close() {}
}
