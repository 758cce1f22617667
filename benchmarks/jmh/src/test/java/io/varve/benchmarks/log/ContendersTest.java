// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.benchmarks.log;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.varve.log.batch.BatchDescriptor;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** All contenders do the same work: what one has appended reads back equal to what any other would have stored. */
class ContendersTest {

    private static final int SEGMENT_BYTES = 1 << 20;
    private static final int APPENDS = 5_000;
    private static final int RECORD_BYTES = 100;
    private static final int BATCH_RECORDS = 10;

    @TempDir
    Path directory;

    @ParameterizedTest
    @CsvSource({
        "varve-channel, 1", "varve-channel, 65536",
        "varve-mapped, 1", "varve-mapped, 65536",
        "kafka-leader, 1", "kafka-leader, 65536",
        "kafka-follower, 1", "kafka-follower, 65536",
        "chronicle-queue, 1", "chronicle-queue, 65536",
        "file-channel, 1", "file-channel, 65536",
        "mapped-buffer, 1", "mapped-buffer, 65536"
    })
    void shouldReadBackWhatWasAppended(String name, int fetchBytes) {
        ByteBuffer batch = Batches.direct(RECORD_BYTES, BATCH_RECORDS);
        ByteBuffer expected =
                ByteBuffer.allocate(batch.remaining()).put(batch.duplicate()).flip();

        try (AppendTarget target = Contenders.open(name, directory, SEGMENT_BYTES)) {
            for (int i = 0; i < APPENDS; i++) {
                assertThat(target.append(batch)).isEqualTo((long) i * BATCH_RECORDS);
                assertThat(batch.position()).isZero();
                assertThat(batch.limit()).isEqualTo(expected.limit());
            }

            try (ReadSource source = target.read(fetchBytes)) {
                for (int i = 0; i < APPENDS; i++) {
                    BatchDescriptor.patch(expected, 0, (long) i * BATCH_RECORDS, Batches.EPOCH);
                    assertThat(source.next()).as("batch %d", i).isEqualTo(expected);
                }
                assertThat(source.next()).isNull();
                source.seek(0);
                BatchDescriptor.patch(expected, 0, 0, Batches.EPOCH);
                assertThat(source.next()).isEqualTo(expected);
            }
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "varve-channel",
                "varve-mapped",
                "kafka-leader",
                "kafka-follower",
                "chronicle-queue",
                "file-channel",
                "mapped-buffer"
            })
    void shouldKeepAFewSegmentsHoweverMuchIsAppended(String name) throws Exception {
        ByteBuffer batch = Batches.direct(RECORD_BYTES, BATCH_RECORDS);

        try (Appender appender = new Appender(name, directory, SEGMENT_BYTES, batch)) {
            for (int i = 0; i < 4 * APPENDS; i++) {
                appender.append();
                appender.deleteWhenDue();
            }

            assertThat(20_000L * batch.remaining()).isGreaterThan(20L * SEGMENT_BYTES);
            await().untilAsserted(
                            () -> assertThat(Footprint.segments(directory)).isBetween(2L, 4L));
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"varve-channel", "varve-mapped", "kafka-leader"})
    void shouldFindRecordsByTime(String name) {
        try (AppendTarget target = Contenders.open(name, directory, SEGMENT_BYTES)) {
            int batches = LogBenchmark.fill(target, RECORD_BYTES, BATCH_RECORDS, 4 * SEGMENT_BYTES);
            for (int i = 0; i < batches; i += 97) {
                long found = ((TimeIndexed) target).firstAtOrAfter(Batches.FIRST_TIMESTAMP_MS + i);
                assertThat(found).isEqualTo((long) i * BATCH_RECORDS);
            }
            long last = Batches.FIRST_TIMESTAMP_MS + batches - 1;
            assertThat(((TimeIndexed) target).firstAtOrAfter(last + 1)).isEqualTo(-1);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"varve-channel", "varve-mapped", "kafka-leader", "chronicle-queue"})
    void shouldFindBatchesByOffset(String name) {
        try (AppendTarget target = Contenders.open(name, directory, SEGMENT_BYTES)) {
            int batches = LogBenchmark.fill(target, RECORD_BYTES, BATCH_RECORDS, 4 * SEGMENT_BYTES);
            try (ReadSource source = target.read(1)) {
                for (long offset = 0; offset < (long) batches * BATCH_RECORDS; offset += 997) {
                    source.seek(offset);
                    assertThat(BatchDescriptor.baseOffset(source.next().slice(), 0))
                            .isEqualTo(offset / BATCH_RECORDS * BATCH_RECORDS);
                }
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"varve-channel", "varve-mapped", "kafka-leader"})
    void shouldReadEveryRecord(String name) {
        ByteBuffer batch = Batches.direct(RECORD_BYTES, BATCH_RECORDS);

        try (AppendTarget target = Contenders.open(name, directory, SEGMENT_BYTES)) {
            for (int i = 0; i < APPENDS; i++) {
                target.append(batch);
            }

            int records = 0;
            try (RecordSource source = ((RecordReadable) target).readRecords()) {
                while (source.next() >= 0) {
                    records++;
                }
            }
            assertThat(records).isEqualTo(APPENDS * BATCH_RECORDS);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"varve-channel", "kafka-leader", "kafka-no-checkpoint"})
    void shouldRecoverEverything(String name) {
        Path original = Scratch.create(directory.toString());
        Path image = Scratch.create(directory.toString());
        long endOffset;
        try (AppendTarget target = Contenders.open(name, original, SEGMENT_BYTES)) {
            endOffset =
                    BATCH_RECORDS * (long) LogBenchmark.fill(target, RECORD_BYTES, BATCH_RECORDS, 3 * SEGMENT_BYTES);
            Scratch.copy(original, image);
        }

        try (AppendTarget recovered = Contenders.open(name, image, SEGMENT_BYTES)) {
            assertThat(recovered.append(Batches.direct(RECORD_BYTES, BATCH_RECORDS)))
                    .isEqualTo(endOffset);
        }
    }

    @Test
    void shouldRefuseANameNobodyHas() {
        assertThatThrownBy(() -> Contenders.open("nobody", directory, SEGMENT_BYTES))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("name=nobody");
        assertThatThrownBy(() -> Contenders.open("varve-tape", directory, SEGMENT_BYTES))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("name=tape");
    }
}
