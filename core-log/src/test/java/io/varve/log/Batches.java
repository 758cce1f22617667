// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.log;

import io.varve.log.batch.BatchBuilder;
import io.varve.log.batch.Compression;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/** Batches for tests, and what is read of them. */
final class Batches {

    private Batches() {}

    /** A batch of records whose values are {@code prefix} and their number, created at {@code timestampMs} and after. */
    static ByteBuffer batch(String prefix, int records, long timestampMs, Compression compression) {
        BatchBuilder builder = new BatchBuilder().compression(compression);
        for (int i = 0; i < records; i++) {
            builder.add(timestampMs + i, null, bytes(prefix + i), List.of());
        }
        return builder.build();
    }

    static ByteBuffer batch(String prefix, int records) {
        return batch(prefix, records, 1000, Compression.NONE);
    }

    /** All records from an offset on, as {@code offset:value}. */
    static List<String> read(CommitLog log, long offset) {
        List<String> read = new ArrayList<>();
        try (LogReader reader = log.readerAt(offset)) {
            while (reader.next()) {
                read.add(reader.offset() + ":" + text(reader.record().value()));
            }
        }
        return read;
    }

    static ByteBuffer bytes(String text) {
        return ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8));
    }

    static String text(ByteBuffer bytes) {
        return StandardCharsets.UTF_8.decode(bytes.duplicate()).toString();
    }
}
