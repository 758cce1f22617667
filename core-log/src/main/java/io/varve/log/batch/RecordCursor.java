// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.log.batch;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Goes through the records of one batch, decompressing it on the way.
 *
 * <p>The batch must stay unchanged while the cursor is used. The cursor is itself the view of the record it stands on.
 *
 * <p>Close it: some codecs hold memory outside the heap, and a cursor that is forgotten keeps it until the next garbage collection.
 *
 * <p>Threading: confined to one thread.
 */
public final class RecordCursor implements RecordView, AutoCloseable {

    /** Smallest record: length, attributes, two deltas, two lengths and a count, one byte each. */
    private static final int MIN_RECORD_BODY_BYTES = 6;

    private static final long NO_APPEND_TIME = Long.MIN_VALUE;

    private final int count;
    private final RecordInput input;
    private final Detail detail;

    private final long baseOffset;
    private final long baseTimestampMs;
    private final long appendTimestampMs;

    private int index = -1;
    private long offset;
    private long timestampMs;
    private final Field key;
    private final Field value;
    private List<Header> headers = List.of();

    /** What is copied of a record. */
    private enum Detail {
        ALL,
        KEY,
        NOTHING
    }

    private RecordCursor(ByteBuffer batch, Detail detail, long maxBytes) {
        int at = batch.position();
        this.count = BatchDescriptor.recordCount(batch, at);
        this.input = input(batch, at, maxBytes);
        this.detail = detail;
        this.key = new Field(input, detail != Detail.NOTHING);
        this.value = new Field(input, detail == Detail.ALL);
        this.baseOffset = BatchDescriptor.baseOffset(batch, at);
        this.baseTimestampMs = BatchDescriptor.baseTimestampMs(batch, at);
        this.appendTimestampMs =
                BatchDescriptor.isAppendTime(batch, at) ? BatchDescriptor.maxTimestampMs(batch, at) : NO_APPEND_TIME;
    }

    /** A key or a value. Of bytes that are not compressed a view is only made when it is asked for. */
    private static final class Field {

        private final RecordInput input;
        private final boolean wanted;

        private long position;
        private int length = -1;
        private @Nullable ByteBuffer view;

        Field(RecordInput input, boolean wanted) {
            this.input = input;
            this.wanted = wanted;
        }

        void take(int bytes) {
            position = input.taken;
            length = bytes;
            view = null;
            if (bytes > 0 && (!wanted || input instanceof RecordInput.OfBuffer)) {
                input.skip(bytes);
            } else if (bytes >= 0 && wanted) {
                view = input.view(bytes);
            }
        }

        @Nullable
        ByteBuffer view() {
            if (view == null && length >= 0 && wanted && input instanceof RecordInput.OfBuffer buffer) {
                view = buffer.viewAt(position, length);
            }
            return view;
        }
    }

    /**
     * A cursor before the first record of the batch that begins at the buffer's position.
     *
     * @param batch holds the batch; its position is not moved
     * @return the cursor
     * @throws InvalidBatchException when the compressed data does not even begin as such
     * @throws IllegalStateException when the library that decompresses it is not on the class path
     */
    public static RecordCursor over(ByteBuffer batch) {
        return new RecordCursor(batch, Detail.ALL, Long.MAX_VALUE);
    }

    /**
     * A cursor that passes over values and headers: only offset, timestamp, key and {@link #isTombstone} tell the truth.
     *
     * @param batch the batch begins at the buffer's position; the position is not moved
     * @param maxBytes what the records may unpack to, inclusive; beyond it the cursor fails
     * @return the cursor, before the first record
     * @throws InvalidBatchException when the compressed data does not even begin as such
     * @throws IllegalStateException when the library that decompresses it is not on the class path
     */
    public static RecordCursor keys(ByteBuffer batch, long maxBytes) {
        return new RecordCursor(batch, Detail.KEY, maxBytes);
    }

    /**
     * Goes through the records of a batch whose header is valid and checks that they are well-formed, have consecutive offsets and
     * are followed by nothing. Copies neither keys nor values.
     *
     * @param batch the batch begins at the buffer's position; the position is not moved
     * @throws InvalidBatchException when a record is malformed
     */
    public static void validate(ByteBuffer batch) {
        try (RecordCursor cursor = new RecordCursor(batch, Detail.NOTHING, Long.MAX_VALUE)) {
            cursor.validate();
        }
    }

    private void validate() {
        while (next()) {
            if (offset != baseOffset + index) {
                throw RecordInput.malformed(
                        "offset delta out of order: delta=" + (offset - baseOffset) + ", expected=" + index);
            }
        }
        checkEnd();
    }

    /**
     * Checks that nothing follows the last record; for a cursor whose {@link #next} has returned false.
     *
     * @throws InvalidBatchException when something does
     */
    public void checkEnd() {
        if (input.read() >= 0) {
            throw RecordInput.malformed("bytes after the last record: recordCount=" + count);
        }
    }

    static RecordInput input(ByteBuffer batch, int at, long maxBytes) {
        ByteBuffer records = batch.slice(
                at + BatchDescriptor.HEADER_BYTES, BatchDescriptor.sizeBytes(batch, at) - BatchDescriptor.HEADER_BYTES);
        Compression compression = Compression.of(BatchDescriptor.compressionId(batch, at));
        if (compression == Compression.NONE) {
            return new RecordInput.OfBuffer(records);
        }
        try {
            return new RecordInput.OfStream(Codecs.of(compression).decompress(stream(records)), maxBytes);
        } catch (IOException | IllegalArgumentException e) {
            throw new InvalidBatchException(
                    InvalidBatchException.Reason.RECORDS, "the records cannot be decompressed", e);
        }
    }

    private static InputStream stream(ByteBuffer records) {
        if (records.hasArray()) {
            return new ByteArrayInputStream(
                    records.array(), records.arrayOffset() + records.position(), records.remaining());
        }
        return new BufferInputStream(records);
    }

    /**
     * Moves to the next record.
     *
     * @return false when there is none
     * @throws InvalidBatchException when the record is malformed
     */
    public boolean next() {
        if (index + 1 >= count) {
            return false;
        }
        index++;
        int length = input.readVarint();
        if (length < MIN_RECORD_BODY_BYTES) {
            throw RecordInput.malformed("record too short: bytes=" + length);
        }
        long end = input.taken + length;
        input.readByte(); // attributes: none is defined
        long timestampDeltaMs = input.readVarlong();
        timestampMs = appendTimestampMs == NO_APPEND_TIME ? baseTimestampMs + timestampDeltaMs : appendTimestampMs;
        offset = baseOffset + input.readVarint();
        key.take(fieldLength(end, input.readVarint(), -1));
        value.take(fieldLength(end, input.readVarint(), -1));
        headers = headers(end);
        if (input.taken != end) {
            throw RecordInput.malformed("record length does not match its fields: off by " + (end - input.taken));
        }
        return true;
    }

    /**
     * How much of the records has been passed.
     *
     * @return bytes, as they are when they are not compressed
     */
    public long passedBytes() {
        return input.taken;
    }

    /** A field of {@code length} bytes; {@code smallest} -1 allows an absent one, 0 does not. */
    private int fieldLength(long end, int length, int smallest) {
        if (length < smallest || length > end - input.taken) {
            throw RecordInput.malformed(
                    "field length out of range: length=" + length + ", left=" + (end - input.taken));
        }
        return length;
    }

    private @Nullable ByteBuffer field(long end, int length, int smallest, boolean wanted) {
        fieldLength(end, length, smallest);
        if (length < 0) {
            return null;
        }
        if (!wanted) {
            input.skip(length);
            return null;
        }
        return input.view(length);
    }

    private List<Header> headers(long end) {
        int headerCount = input.readVarint();
        if (headerCount < 0 || headerCount > end - input.taken) {
            throw RecordInput.malformed("header count out of range: count=" + headerCount);
        }
        if (headerCount == 0) {
            return List.of();
        }
        List<Header> read = new ArrayList<>(detail == Detail.ALL ? headerCount : 0);
        for (int i = 0; i < headerCount; i++) {
            ByteBuffer name = field(end, input.readVarint(), 0, detail == Detail.ALL);
            ByteBuffer content = field(end, input.readVarint(), -1, detail == Detail.ALL);
            if (name != null) {
                read.add(new Header(StandardCharsets.UTF_8.decode(name).toString(), content));
            }
        }
        return read;
    }

    @Override
    public long offset() {
        return offset;
    }

    @Override
    public long timestampMs() {
        return timestampMs;
    }

    @Override
    public @Nullable ByteBuffer key() {
        return key.view();
    }

    @Override
    public @Nullable ByteBuffer value() {
        return value.view();
    }

    /** Lets go of the codec. The record that the cursor stands on stays valid; there is no next one. Idempotent. */
    @Override
    public void close() {
        index = count;
        input.close();
    }

    /** {@return whether the record has no value, and so marks its key as deleted} */
    public boolean isTombstone() {
        return value.length < 0;
    }

    @Override
    public List<Header> headers() {
        return headers;
    }
}
