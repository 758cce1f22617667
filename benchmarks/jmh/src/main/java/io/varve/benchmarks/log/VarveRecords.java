// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.benchmarks.log;

import io.varve.log.LogReader;
import java.nio.ByteBuffer;
import java.util.Objects;

/** The records of Varve's {@link LogReader}. */
final class VarveRecords implements RecordSource {

    private final LogReader reader;

    VarveRecords(LogReader reader) {
        this.reader = reader;
    }

    @Override
    public int next() {
        if (!reader.next()) {
            return -1;
        }
        ByteBuffer value = Objects.requireNonNull(reader.record().value());
        return value.get(value.position()) & 0xff;
    }

    @Override
    public void close() {
        reader.close();
    }
}
