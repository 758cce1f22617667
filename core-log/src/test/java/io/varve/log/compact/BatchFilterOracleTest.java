// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.log.compact;

import static org.assertj.core.api.Assertions.assertThat;

import io.varve.log.batch.BatchDescriptor;
import io.varve.log.batch.Compression;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.apache.kafka.common.header.internals.RecordHeader;
import org.apache.kafka.common.record.TimestampType;
import org.apache.kafka.common.record.internal.CompressionType;
import org.apache.kafka.common.record.internal.ControlRecordType;
import org.apache.kafka.common.record.internal.EndTransactionMarker;
import org.apache.kafka.common.record.internal.MemoryRecords;
import org.apache.kafka.common.record.internal.MemoryRecords.RecordFilter;
import org.apache.kafka.common.record.internal.MemoryRecordsBuilder;
import org.apache.kafka.common.record.internal.Record;
import org.apache.kafka.common.record.internal.RecordBatch;
import org.apache.kafka.common.utils.internals.BufferSupplier;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Random logs compacted several times, time passing between: what stays is what Kafka's own filter leaves with the rules of its
 * cleaner.
 */
class BatchFilterOracleTest {

    private static final long DELETE_RETENTION_MS = 100;
    private static final CompactionPolicy POLICY =
            CompactionPolicy.builder().deleteRetentionMs(DELETE_RETENTION_MS).build();

    private long droppedTombstones;
    private long droppedMarkers;
    private long emptied;

    @ParameterizedTest
    @EnumSource(Compression.class)
    void shouldLeaveWhatKafkaLeaves(Compression compression) {
        for (long seed = 0; seed < 60; seed++) {
            Random random = new Random(seed * 31 + compression.id());
            ByteBuffer ours = log(random, compression);
            ByteBuffer theirs = ours.duplicate();
            Set<Long> aborted = aborted(random, ours);
            long nowMs = 5000;
            for (int pass = 0; pass < 4; pass++) {
                Map<String, Long> latest = latest(ours, aborted);
                Map<Long, Long> lastOfProducer = lastOfProducer(ours, random);
                theirs = kafka(theirs, nowMs, latest, aborted, lastOfProducer);
                ours = varve(ours, nowMs, latest, aborted, lastOfProducer);

                assertThat(content(ours))
                        .as("compression=%s seed=%d pass=%d", compression, seed, pass)
                        .isEqualTo(content(theirs));
                nowMs += random.nextInt((int) (2 * DELETE_RETENTION_MS));
            }
        }
        assertThat(droppedTombstones).isPositive();
        assertThat(droppedMarkers).isPositive();
        assertThat(emptied).isPositive();
    }

    private ByteBuffer varve(
            ByteBuffer log, long nowMs, Map<String, Long> latest, Set<Long> aborted, Map<Long, Long> lastOfProducer) {
        CompactionOwner owner = new CompactionOwner() {
            @Override
            public boolean isAborted(long producerId, long baseOffset) {
                return aborted.contains(baseOffset);
            }

            @Override
            public boolean isLastOfProducer(long producerId, short epoch, long lastOffset, boolean isMarker) {
                return lastOfProducer.getOrDefault(producerId, -1L) == lastOffset;
            }
        };
        BatchFilter filter =
                new BatchFilter((key, offset) -> latest.getOrDefault(text(key), -1L) <= offset, owner, nowMs, POLICY);
        ByteBuffer out = ByteBuffer.allocate(2 * log.remaining() + 1000);
        for (int at = 0; at < log.limit(); ) {
            int sizeBytes = BatchDescriptor.check(log, at, log.limit(), Integer.MAX_VALUE);
            ByteBuffer batch = log.slice(at, sizeBytes);
            ByteBuffer stays = filter.filter(batch);
            assertThat(batch.position()).isZero();
            if (stays != null) {
                BatchDescriptor.check(stays, 0, stays.limit(), Integer.MAX_VALUE);
                emptied += BatchDescriptor.recordCount(stays, 0) == 0 ? 1 : 0;
                out.put(stays.duplicate());
            } else {
                droppedMarkers += BatchDescriptor.isControl(batch, 0) ? 1 : 0;
            }
            at += sizeBytes;
        }
        return out.flip();
    }

    /** Kafka's filter with the rules of its cleaner. */
    private ByteBuffer kafka(
            ByteBuffer log, long nowMs, Map<String, Long> latest, Set<Long> aborted, Map<Long, Long> lastOfProducer) {
        Set<Long> open = new HashSet<>();
        RecordFilter filter = new RecordFilter(nowMs, DELETE_RETENTION_MS) {
            private boolean discards;

            @Override
            protected BatchRetentionResult checkBatchRetention(RecordBatch batch) {
                boolean canDiscard;
                if (batch.isControlBatch()) {
                    canDiscard = !open.remove(batch.producerId());
                    discards = canDiscard
                            && batch.deleteHorizonMs().isPresent()
                            && batch.deleteHorizonMs().getAsLong() <= currentTime;
                } else {
                    if (batch.isTransactional()) {
                        open.add(batch.producerId());
                    }
                    canDiscard = aborted.contains(batch.baseOffset());
                    discards = canDiscard;
                }
                boolean isLast = batch.hasProducerId()
                        && lastOfProducer.getOrDefault(batch.producerId(), -1L) == batch.lastOffset();
                BatchRetention retention = isLast
                        ? BatchRetention.RETAIN_EMPTY
                        : discards ? BatchRetention.DELETE : BatchRetention.DELETE_EMPTY;
                return new BatchRetentionResult(retention, canDiscard && batch.isControlBatch());
            }

            @Override
            protected boolean shouldRetainRecord(RecordBatch batch, Record record) {
                if (discards || batch.isControlBatch()) {
                    return !discards;
                }
                if (!record.hasKey()) {
                    return false;
                }
                boolean keepsTombstone = batch.deleteHorizonMs().isEmpty()
                        || currentTime < batch.deleteHorizonMs().getAsLong();
                boolean isLatest = record.offset() >= latest.getOrDefault(text(record.key()), -1L);
                droppedTombstones += isLatest && !record.hasValue() && !keepsTombstone ? 1 : 0;
                return isLatest && (record.hasValue() || keepsTombstone);
            }
        };
        ByteBuffer out = ByteBuffer.allocate(2 * log.remaining() + 1000);
        return MemoryRecords.readableRecords(log.duplicate())
                .filterTo(filter, out, BufferSupplier.NO_CACHING, Integer.MAX_VALUE)
                .outputBuffer()
                .flip();
    }

    private static List<String> content(ByteBuffer log) {
        List<String> content = new ArrayList<>();
        for (RecordBatch batch : MemoryRecords.readableRecords(log.duplicate()).batches()) {
            batch.ensureValid();
            content.add(String.join(
                    " ",
                    "batch",
                    "" + batch.baseOffset(),
                    "" + batch.lastOffset(),
                    "" + batch.producerId(),
                    "" + batch.producerEpoch(),
                    "" + batch.baseSequence(),
                    "" + batch.lastSequence(),
                    "" + batch.partitionLeaderEpoch(),
                    "" + batch.maxTimestamp(),
                    "" + batch.deleteHorizonMs(),
                    "" + batch.timestampType(),
                    "" + batch.compressionType(),
                    "" + batch.isTransactional(),
                    "" + batch.isControlBatch(),
                    "" + batch.countOrNull()));
            for (Record record : batch) {
                content.add(record.offset() + " " + record.timestamp() + " " + text(record.key()) + "="
                        + text(record.value()) + " " + List.of(record.headers()));
            }
        }
        return content;
    }

    private static Map<String, Long> latest(ByteBuffer log, Set<Long> aborted) {
        Map<String, Long> latest = new HashMap<>();
        for (RecordBatch batch : MemoryRecords.readableRecords(log.duplicate()).batches()) {
            if (!batch.isControlBatch() && !aborted.contains(batch.baseOffset())) {
                for (Record record : batch) {
                    latest.put(text(record.key()), record.offset());
                }
            }
        }
        return latest;
    }

    private static Map<Long, Long> lastOfProducer(ByteBuffer log, Random random) {
        Map<Long, Long> last = new HashMap<>();
        for (RecordBatch batch : MemoryRecords.readableRecords(log.duplicate()).batches()) {
            last.put(batch.producerId(), batch.lastOffset());
        }
        last.keySet().removeIf(producer -> random.nextBoolean());
        return last;
    }

    private static Set<Long> aborted(Random random, ByteBuffer log) {
        Map<Long, List<Long>> open = new HashMap<>();
        Set<Long> aborted = new HashSet<>();
        for (RecordBatch batch : MemoryRecords.readableRecords(log.duplicate()).batches()) {
            if (batch.isControlBatch()) {
                Record marker = batch.iterator().next();
                List<Long> batches = open.remove(batch.producerId());
                if (batches != null && ControlRecordType.parse(marker.key()) == ControlRecordType.ABORT) {
                    aborted.addAll(batches);
                }
            } else if (batch.isTransactional()) {
                open.computeIfAbsent(batch.producerId(), producer -> new ArrayList<>())
                        .add(batch.baseOffset());
            }
        }
        return aborted;
    }

    private static ByteBuffer log(Random random, Compression compression) {
        ByteBuffer out = ByteBuffer.allocate(1 << 20);
        long offset = random.nextInt(10);
        Set<Long> open = new HashSet<>();
        for (int batch = 0; batch < 30; batch++) {
            long producer = random.nextInt(4);
            if (!open.isEmpty() && random.nextInt(4) == 0) {
                long ended = open.iterator().next();
                open.remove(ended);
                ControlRecordType type = random.nextBoolean() ? ControlRecordType.ABORT : ControlRecordType.COMMIT;
                MemoryRecords.writeEndTransactionalMarker(
                        out, offset, 1000 + batch, 3, ended, (short) 1, new EndTransactionMarker(type, 1));
                offset++;
                continue;
            }
            boolean transactional = random.nextInt(3) == 0;
            if (transactional) {
                open.add(producer);
            }
            offset = add(out, random, compression, producer, transactional, offset);
        }
        return out.flip();
    }

    private static long add(
            ByteBuffer out, Random random, Compression compression, long producer, boolean transactional, long offset) {
        boolean idempotent = transactional || random.nextInt(3) == 0;
        MemoryRecordsBuilder builder = MemoryRecords.builder(
                out,
                RecordBatch.MAGIC_VALUE_V2,
                org.apache.kafka.common.compress.Compression.of(CompressionType.forId(compression.id()))
                        .build(),
                random.nextInt(4) == 0 ? TimestampType.LOG_APPEND_TIME : TimestampType.CREATE_TIME,
                offset,
                4000 + random.nextInt(100),
                idempotent ? producer : RecordBatch.NO_PRODUCER_ID,
                idempotent ? 1 : RecordBatch.NO_PRODUCER_EPOCH,
                idempotent ? random.nextInt(100) : RecordBatch.NO_SEQUENCE,
                transactional,
                3);
        int records = 1 + random.nextInt(8);
        long at = offset;
        for (int i = 0; i < records; i++) {
            String key = random.nextInt(12) == 0 ? null : "key" + random.nextInt(25);
            String value = random.nextInt(3) == 0 ? null : "value".repeat(random.nextInt(30)) + i;
            RecordHeader[] headers = new RecordHeader[random.nextInt(3)];
            for (int header = 0; header < headers.length; header++) {
                headers[header] = new RecordHeader("h" + header, random.nextBoolean() ? null : new byte[] {1, 2});
            }
            builder.appendWithOffset(at, 1000 + random.nextInt(3000), bytes(key), bytes(value), headers);
            at += 1;
        }
        builder.build();
        return at + (random.nextInt(5) == 0 ? random.nextInt(100) : 0);
    }

    private static byte[] bytes(String text) {
        return text == null ? null : text.getBytes(StandardCharsets.UTF_8);
    }

    private static String text(ByteBuffer bytes) {
        return bytes == null
                ? "null"
                : StandardCharsets.UTF_8.decode(bytes.duplicate()).toString();
    }
}
