// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.log.batch;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.apache.kafka.common.header.internals.RecordHeader;
import org.apache.kafka.common.record.internal.MemoryRecords;
import org.apache.kafka.common.record.internal.RecordBatch;
import org.apache.kafka.common.record.internal.SimpleRecord;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What we write, Kafka's own classes read; what they write, we read. */
class KafkaOracleTest {

    private record Content(long timestampMs, String key, String value, List<String> headers) {}

    @ParameterizedTest
    @EnumSource(Compression.class)
    void shouldBeReadByKafka(Compression compression) {
        for (long seed = 0; seed < 30; seed++) {
            List<Content> contents = contents(seed);
            BatchBuilder builder = new BatchBuilder().compression(compression).producer(7, (short) 3, 11);
            for (Content content : contents) {
                List<Header> headers = content.headers().stream()
                        .map(header -> new Header(header, header.isEmpty() ? null : bytes(header)))
                        .toList();
                builder.add(content.timestampMs(), bytes(content.key()), bytes(content.value()), headers);
            }
            ByteBuffer ours = builder.build();
            BatchDescriptor.patch(ours, 0, 100, 5);

            List<Content> read = new ArrayList<>();
            for (RecordBatch batch : MemoryRecords.readableRecords(ours).batches()) {
                batch.ensureValid();
                assertThat(batch.baseOffset()).isEqualTo(100);
                assertThat(batch.partitionLeaderEpoch()).isEqualTo(5);
                assertThat(batch.producerId()).isEqualTo(7);
                assertThat(batch.producerEpoch()).isEqualTo((short) 3);
                assertThat(batch.baseSequence()).isEqualTo(11);
                assertThat(batch.maxTimestamp()).isEqualTo(BatchDescriptor.maxTimestampMs(ours, 0));
                for (org.apache.kafka.common.record.internal.Record record : batch) {
                    assertThat(record.offset()).isEqualTo(100 + read.size());
                    List<String> headers = new ArrayList<>();
                    for (org.apache.kafka.common.header.Header header : record.headers()) {
                        assertThat(header.value() == null ? "" : new String(header.value(), StandardCharsets.UTF_8))
                                .isEqualTo(header.key());
                        headers.add(header.key());
                    }
                    read.add(new Content(record.timestamp(), text(record.key()), text(record.value()), headers));
                }
            }
            assertThat(read).as("seed=%d", seed).isEqualTo(contents);
        }
    }

    @ParameterizedTest
    @EnumSource(Compression.class)
    void shouldReadWhatKafkaWrites(Compression compression) {
        for (long seed = 0; seed < 30; seed++) {
            List<Content> contents = contents(seed);
            SimpleRecord[] records = contents.stream()
                    .map(content -> new SimpleRecord(
                            content.timestampMs(),
                            array(content.key()),
                            array(content.value()),
                            content.headers().stream()
                                    .map(header -> new RecordHeader(header, array(header.isEmpty() ? null : header)))
                                    .toArray(RecordHeader[]::new)))
                    .toArray(SimpleRecord[]::new);
            ByteBuffer theirs = MemoryRecords.withIdempotentRecords(
                            org.apache.kafka.common.compress.Compression.of(
                                            org.apache.kafka.common.record.internal.CompressionType.forId(
                                                    compression.id()))
                                    .build(),
                            7,
                            (short) 3,
                            11,
                            records)
                    .buffer();

            for (ByteBuffer batch : List.of(theirs, direct(theirs))) {
                assertThat(BatchDescriptor.check(batch, 0, batch.limit(), Integer.MAX_VALUE))
                        .isEqualTo(batch.limit());
                BatchDescriptor.checkConsecutive(batch, 0);
                RecordCursor.validate(batch);
                RecordCursor cursor = RecordCursor.over(batch);
                List<Content> read = new ArrayList<>();
                while (cursor.next()) {
                    assertThat(cursor.offset()).isEqualTo(read.size());
                    List<String> headers =
                            cursor.headers().stream().map(Header::key).toList();
                    read.add(new Content(cursor.timestampMs(), text(cursor.key()), text(cursor.value()), headers));
                }
                assertThat(read).as("seed=%d", seed).isEqualTo(contents);
            }
        }
    }

    private static List<Content> contents(long seed) {
        Random random = new Random(seed);
        List<Content> contents = new ArrayList<>();
        int count = 1 + random.nextInt(40);
        for (int i = 0; i < count; i++) {
            String key = random.nextInt(4) == 0 ? null : "key" + random.nextInt(1000);
            String value = random.nextInt(9) == 0 ? null : "value ".repeat(random.nextInt(5000)) + i;
            List<String> headers = new ArrayList<>();
            for (int header = random.nextInt(4); header > 0; header--) {
                headers.add(random.nextInt(3) == 0 ? "" : "hé" + header);
            }
            contents.add(new Content(1_000_000 + random.nextInt(100_000), key, value, headers));
        }
        return contents;
    }

    private static ByteBuffer direct(ByteBuffer buffer) {
        return ByteBuffer.allocateDirect(buffer.remaining())
                .put(buffer.duplicate())
                .flip();
    }

    private static ByteBuffer bytes(String text) {
        return text == null ? null : ByteBuffer.wrap(array(text));
    }

    private static byte[] array(String text) {
        return text == null ? null : text.getBytes(StandardCharsets.UTF_8);
    }

    private static String text(ByteBuffer bytes) {
        return bytes == null
                ? null
                : StandardCharsets.UTF_8.decode(bytes.duplicate()).toString();
    }
}
