// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.benchmarks.log;

import io.varve.log.batch.BatchBuilder;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Random;

/** Batches to append: uncompressed, records without key and with random bytes as value, the same bytes in every run. */
final class Batches {

    /** The epoch that every contender appends with. */
    static final int EPOCH = 1;

    /** Timestamp of the first batch of a log. */
    static final long FIRST_TIMESTAMP_MS = 1_700_000_000_000L;

    private Batches() {}

    /** A direct buffer with one batch, as a network thread would hand it over. */
    static ByteBuffer direct(int recordBytes, int batchRecords) {
        ByteBuffer built = at(FIRST_TIMESTAMP_MS, recordBytes, batchRecords);
        return ByteBuffer.allocateDirect(built.remaining()).put(built).flip();
    }

    /** A batch whose records have one timestamp. */
    static ByteBuffer at(long timestampMs, int recordBytes, int batchRecords) {
        Random random = new Random(recordBytes);
        byte[] value = new byte[recordBytes];
        BatchBuilder builder = new BatchBuilder();
        for (int i = 0; i < batchRecords; i++) {
            random.nextBytes(value);
            builder.add(timestampMs, null, ByteBuffer.wrap(value), List.of());
        }
        return builder.build();
    }
}
