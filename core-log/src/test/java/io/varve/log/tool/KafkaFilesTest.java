// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.log.tool;

import static org.assertj.core.api.Assertions.assertThat;

import io.varve.log.batch.BatchDescriptor;
import io.varve.log.storage.MemoryStorage;
import io.varve.log.storage.StorageFile;
import io.varve.log.tool.Finding.Kind;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.apache.kafka.common.compress.Compression;
import org.apache.kafka.common.record.internal.MemoryRecords;
import org.apache.kafka.common.record.internal.SimpleRecord;
import org.junit.jupiter.api.Test;

/** A partition's directory as Kafka's broker leaves it: segments of Kafka's own making, its indexes, none of ours. */
class KafkaFilesTest {

    private final MemoryStorage storage = new MemoryStorage();
    private final List<Finding> findings = new ArrayList<>();

    @Test
    void shouldReadWhatKafkaWrote() {
        long position = write("00000000000000000000.log", 0, kafkas(0, 3));
        write("00000000000000000000.log", position, kafkas(3, 2));
        write("00000000000000000005.log", 0, kafkas(5, 4));
        // Kafka's indexes are made ready in full length and stay so when the broker dies.
        for (String name : List.of("00000000000000000005.index", "00000000000000000005.timeindex")) {
            write(name, 0, ByteBuffer.allocate(1000));
        }
        write("00000000000000000005.snapshot", 0, ByteBuffer.allocate(10));
        write("partition.metadata", 0, text("version: 0\ntopic_id: AAAAAAAAAAAAAAAAAAAAAA"));
        write("leader-epoch-checkpoint", 0, text("0\n1\n7 0\n"));

        Verification result = LogVerifier.verify(storage, Set.of(LogVerifier.Option.RECORDS), findings::add);

        assertThat(result.isSound()).isTrue();
        assertThat(result.records()).isEqualTo(9);
        assertThat(findings).extracting(Finding::kind).containsExactly(Kind.NOT_CLOSED, Kind.INDEX_ABSENT);
        assertThat(dumped(4)).containsExactly("3+2", "5+4");
        assertThat(LogStatistics.of(storage, false).records()).isEqualTo(9);
    }

    @Test
    void shouldSayThatAnOlderFormatIsNotRead() {
        ByteBuffer old = kafkas(0, 1);
        old.put(16, (byte) 1);
        write("00000000000000000000.log", 0, old);

        Verification result = LogVerifier.verify(storage, Set.of(), findings::add);

        assertThat(result.isSound()).isTrue();
        assertThat(findings).extracting(Finding::kind).contains(Kind.TORN_TAIL);
        assertThat(findings).extracting(Finding::detail).anyMatch(detail -> detail.contains("magic=1"));
    }

    private List<String> dumped(long fromOffset) {
        List<String> batches = new ArrayList<>();
        LogDump.dump(storage, fromOffset, new DumpVisitor() {
            @Override
            public void segment(String name, long baseOffset, long sizeBytes) {}

            @Override
            public boolean batch(long position, ByteBuffer batch) {
                return batches.add(BatchDescriptor.baseOffset(batch, 0) + "+" + BatchDescriptor.recordCount(batch, 0));
            }

            @Override
            public boolean damage(long position, long endPosition, String reason) {
                return batches.add(reason);
            }
        });
        return batches;
    }

    private static ByteBuffer kafkas(long baseOffset, int count) {
        SimpleRecord[] records = new SimpleRecord[count];
        for (int i = 0; i < count; i++) {
            records[i] =
                    new SimpleRecord(1000 + i, text("k").array(), text("v" + i).array());
        }
        return MemoryRecords.withRecords(baseOffset, Compression.gzip().build(), 7, records)
                .buffer();
    }

    private long write(String name, long position, ByteBuffer contents) {
        try (StorageFile file = storage.open(name)) {
            file.write(contents, position);
            return file.sizeBytes();
        }
    }

    private static ByteBuffer text(String text) {
        return ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8));
    }
}
