// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.cli;

import static io.varve.broker.cli.Printer.object;

import io.varve.log.batch.BatchDescriptor;
import io.varve.log.batch.Compression;
import io.varve.log.batch.Header;
import io.varve.log.batch.InvalidBatchException;
import io.varve.log.batch.RecordCursor;
import io.varve.log.tool.DumpVisitor;
import java.io.PrintStream;
import java.nio.ByteBuffer;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Prints batches and records: as text in the lines of Kafka's kafka-dump-log, which scripts know, or as JSON.
 *
 * <p>Threading: confined to the command's thread.
 */
final class DumpPrinter implements DumpVisitor {

    /** What is shown of a batch. */
    enum Detail {
        /** Its header. */
        HEADERS,
        /** And sizes and offsets of its records. */
        RECORDS,
        /** And their keys and values. */
        VALUES
    }

    private static final int DELETE_HORIZON_BIT = 0x40;

    private final PrintStream out;
    private final boolean json;
    private final Detail detail;
    private final long fromOffset;

    private long left;
    private String segment = "";
    private boolean sound = true;

    /**
     * @param max how many batches are shown at most, or records when they are shown
     */
    DumpPrinter(PrintStream out, boolean json, Detail detail, long fromOffset, long max) {
        this.out = out;
        this.json = json;
        this.detail = detail;
        this.fromOffset = fromOffset;
        this.left = max;
    }

    /** Whether no damage was met. */
    boolean isSound() {
        return sound;
    }

    @Override
    public void segment(String name, long baseOffset, long sizeBytes) {
        segment = name;
        if (!json) {
            out.println("Dumping " + name);
            out.println("Log starting offset: " + baseOffset);
        }
    }

    @Override
    public boolean damage(long position, long endPosition, String reason) {
        sound = false;
        if (json) {
            Printer.json(
                    out,
                    object(
                            "type",
                            "damage",
                            "segment",
                            segment,
                            "position",
                            position,
                            "size",
                            endPosition - position,
                            "reason",
                            reason,
                            "isvalid",
                            false));
        } else {
            out.println("position: " + position + " size: " + (endPosition - position) + " isvalid: false reason: "
                    + reason);
        }
        return true;
    }

    @Override
    public boolean batch(long position, ByteBuffer batch) {
        if (left <= 0) {
            return false;
        }
        final Map<String, Object> fields = fields(position, batch);
        if (json) {
            Printer.json(out, fields);
        } else {
            out.println(text(fields));
        }
        if (detail == Detail.HEADERS) {
            left--;
        } else {
            records(position, batch);
        }
        return left > 0;
    }

    private Map<String, Object> fields(long position, ByteBuffer batch) {
        final int baseSequence = BatchDescriptor.baseSequence(batch, 0);
        final boolean hasHorizon = (BatchDescriptor.attributes(batch, 0) & DELETE_HORIZON_BIT) != 0;
        return object(
                "type", "batch",
                "segment", segment,
                "baseOffset", BatchDescriptor.baseOffset(batch, 0),
                "lastOffset", BatchDescriptor.lastOffset(batch, 0),
                "count", BatchDescriptor.recordCount(batch, 0),
                "baseSequence", baseSequence,
                "lastSequence", lastSequence(baseSequence, BatchDescriptor.lastOffsetDelta(batch, 0)),
                "producerId", BatchDescriptor.producerId(batch, 0),
                "producerEpoch", BatchDescriptor.producerEpoch(batch, 0),
                "partitionLeaderEpoch", BatchDescriptor.leaderEpoch(batch, 0),
                "isTransactional", BatchDescriptor.isTransactional(batch, 0),
                "isControl", BatchDescriptor.isControl(batch, 0),
                "deleteHorizonMs", hasHorizon ? BatchDescriptor.baseTimestampMs(batch, 0) : null,
                "position", position,
                "timestampType", BatchDescriptor.isAppendTime(batch, 0) ? "LogAppendTime" : "CreateTime",
                "maxTimestamp", BatchDescriptor.maxTimestampMs(batch, 0),
                "size", batch.limit(),
                "magic", BatchDescriptor.magic(batch, 0),
                "compresscodec",
                        Compression.of(BatchDescriptor.compressionId(batch, 0))
                                .name()
                                .toLowerCase(Locale.ROOT),
                "crc", Integer.toUnsignedLong(BatchDescriptor.crc(batch, 0)),
                "isvalid", true);
    }

    /** Sequences wrap around at the largest int. */
    private static int lastSequence(int baseSequence, int delta) {
        if (baseSequence == BatchDescriptor.NO_SEQUENCE) {
            return baseSequence;
        }
        return baseSequence > Integer.MAX_VALUE - delta
                ? delta - (Integer.MAX_VALUE - baseSequence) - 1
                : baseSequence + delta;
    }

    private static String text(Map<String, Object> fields) {
        final StringBuilder line = new StringBuilder();
        fields.forEach((name, value) -> {
            switch (name) {
                case "type", "segment", "timestampType" -> {}
                case "deleteHorizonMs" ->
                    line.append(" deleteHorizonMs: ")
                            .append(value == null ? "OptionalLong.empty" : "OptionalLong[" + value + "]");
                case "maxTimestamp" ->
                    line.append(' ')
                            .append(fields.get("timestampType"))
                            .append(": ")
                            .append(value);
                default -> line.append(' ').append(name).append(": ").append(value);
            }
        });
        return line.substring(1);
    }

    private void records(long position, ByteBuffer batch) {
        try {
            final RecordCursor cursor = RecordCursor.over(batch);
            final int baseSequence = BatchDescriptor.baseSequence(batch, 0);
            while (left > 0 && cursor.next()) {
                if (cursor.offset() >= fromOffset) {
                    final int delta = (int) (cursor.offset() - BatchDescriptor.baseOffset(batch, 0));
                    record(batch, cursor, lastSequence(baseSequence, delta));
                    left--;
                }
            }
        } catch (InvalidBatchException e) {
            damage(position, position + batch.limit(), String.valueOf(e.getMessage()));
        }
    }

    private void record(ByteBuffer batch, RecordCursor record, int sequence) {
        final String timestampType = BatchDescriptor.isAppendTime(batch, 0) ? "LogAppendTime" : "CreateTime";
        if (json) {
            final Map<String, Object> fields = object(
                    "type", "record",
                    "offset", record.offset(),
                    "timestampType", timestampType,
                    "timestamp", record.timestampMs(),
                    "keySize", size(record.key()),
                    "valueSize", size(record.value()),
                    "sequence", sequence,
                    "headerKeys", record.headers().stream().map(Header::key).toList());
            if (detail == Detail.VALUES) {
                RecordText.put(fields, "key", record.key());
                RecordText.put(fields, "value", record.value());
            }
            Printer.json(out, fields);
            return;
        }
        final StringBuilder line = new StringBuilder("| offset: " + record.offset() + " " + timestampType + ": "
                + record.timestampMs() + " keySize: " + size(record.key()) + " valueSize: " + size(record.value())
                + " sequence: " + sequence + " headerKeys: "
                + record.headers().stream().map(Header::key).toList().toString().replace(", ", ","));
        if (detail == Detail.VALUES) {
            if (record.key() != null) {
                line.append(" key: ").append(RecordText.escaped(record.key()));
            }
            line.append(" payload: ").append(RecordText.escaped(record.value()));
        }
        out.println(line);
    }

    private static int size(@Nullable ByteBuffer bytes) {
        return bytes == null ? -1 : bytes.remaining();
    }
}
