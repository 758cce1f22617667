// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.log.batch;

import static io.varve.log.batch.BatchDescriptor.HEADER_BYTES;
import static io.varve.log.batch.BatchDescriptor.NO_TIMESTAMP;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Makes a batch out of records.
 *
 * <p>Keys and values are copied when they are added. A builder makes one batch.
 *
 * <p>Threading: confined to one thread.
 */
public final class BatchBuilder {

    private final ByteArrayOutputStream records = new ByteArrayOutputStream();
    private final ByteArrayOutputStream body = new ByteArrayOutputStream();

    private Compression compression = Compression.NONE;
    private long producerId = BatchDescriptor.NO_PRODUCER_ID;
    private short producerEpoch = BatchDescriptor.NO_PRODUCER_EPOCH;
    private int baseSequence = BatchDescriptor.NO_SEQUENCE;
    private int count;
    private long baseTimestampMs = NO_TIMESTAMP;
    private long maxTimestampMs = NO_TIMESTAMP;

    /**
     * Compresses the records of the batch; the default is {@link Compression#NONE}.
     *
     * @param compression the compression
     * @return this builder
     */
    public BatchBuilder compression(Compression compression) {
        this.compression = compression;
        return this;
    }

    /**
     * Names the producer and the sequence number of the first record, which lets a broker recognise a retry.
     *
     * @param producerId the producer's id
     * @param producerEpoch the producer's epoch
     * @param baseSequence sequence number of the first record
     * @return this builder
     */
    public BatchBuilder producer(long producerId, short producerEpoch, int baseSequence) {
        this.producerId = producerId;
        this.producerEpoch = producerEpoch;
        this.baseSequence = baseSequence;
        return this;
    }

    /**
     * Adds a record created now.
     *
     * @param key the key, or null
     * @param value the value, or null
     * @return this builder
     */
    public BatchBuilder add(byte @Nullable [] key, byte @Nullable [] value) {
        return add(wrap(key), wrap(value));
    }

    /**
     * Adds a record created now; reads both buffers from position to limit and moves neither.
     *
     * @param key the key, or null
     * @param value the value, or null
     * @return this builder
     */
    public BatchBuilder add(@Nullable ByteBuffer key, @Nullable ByteBuffer value) {
        return add(System.currentTimeMillis(), key, value, List.of());
    }

    /**
     * Adds a record.
     *
     * @param timestampMs when it was created, milliseconds since the epoch, or -1
     * @param key the key, or null
     * @param value the value, or null
     * @param headers the headers, in their order
     * @return this builder
     */
    public BatchBuilder add(
            long timestampMs, @Nullable ByteBuffer key, @Nullable ByteBuffer value, List<Header> headers) {
        if (timestampMs < NO_TIMESTAMP) {
            throw new IllegalArgumentException("timestamp out of range: timestampMs=" + timestampMs);
        }
        if (count == 0) {
            baseTimestampMs = timestampMs;
        }
        body.reset();
        body.write(0);
        writeVarlong(body, timestampMs - baseTimestampMs);
        writeVarlong(body, count);
        writeField(key);
        writeField(value);
        writeVarlong(body, headers.size());
        for (Header header : headers) {
            writeField(ByteBuffer.wrap(header.key().getBytes(StandardCharsets.UTF_8)));
            writeField(header.value());
        }
        writeVarlong(records, body.size());
        records.write(body.toByteArray(), 0, body.size());
        count++;
        maxTimestampMs = Math.max(maxTimestampMs, timestampMs);
        return this;
    }

    private static @Nullable ByteBuffer wrap(byte @Nullable [] bytes) {
        return bytes == null ? null : ByteBuffer.wrap(bytes);
    }

    private void writeField(@Nullable ByteBuffer field) {
        if (field == null) {
            writeVarlong(body, -1);
            return;
        }
        writeVarlong(body, field.remaining());
        if (field.hasArray()) {
            body.write(field.array(), field.arrayOffset() + field.position(), field.remaining());
        } else {
            byte[] bytes = new byte[field.remaining()];
            field.get(field.position(), bytes);
            body.write(bytes, 0, bytes.length);
        }
    }

    /** Writes a zigzag varint. */
    static void writeVarlong(ByteArrayOutputStream out, long value) {
        long zigzag = (value << 1) ^ (value >> 63);
        while ((zigzag & ~0x7fL) != 0) {
            out.write((int) (zigzag & 0x7f) | 0x80);
            zigzag >>>= 7;
        }
        out.write((int) zigzag);
    }

    /** {@return number of records added} */
    public int recordCount() {
        return count;
    }

    /** {@return length of the batch in bytes before compression} */
    public int sizeBytes() {
        return HEADER_BYTES + records.size();
    }

    /**
     * The batch, from position to limit, with base offset 0 and leader epoch -1, which an append replaces.
     *
     * @return the batch, in a buffer of its own
     * @throws IllegalStateException when no record was added, or the library of the compression is not on the class path
     */
    public ByteBuffer build() {
        if (count == 0) {
            throw new IllegalStateException("a batch needs at least one record");
        }
        byte[] compressed = compressed();
        ByteBuffer batch = ByteBuffer.allocate(HEADER_BYTES + compressed.length);
        batch.putLong(BatchDescriptor.BASE_OFFSET, 0);
        batch.putInt(BatchDescriptor.LENGTH, batch.capacity() - BatchDescriptor.PREFIX_BYTES);
        batch.putInt(BatchDescriptor.LEADER_EPOCH, -1);
        batch.put(BatchDescriptor.MAGIC_AT, BatchDescriptor.MAGIC);
        batch.putShort(BatchDescriptor.ATTRIBUTES, (short) compression.id());
        batch.putInt(BatchDescriptor.LAST_OFFSET_DELTA, count - 1);
        batch.putLong(BatchDescriptor.BASE_TIMESTAMP, baseTimestampMs);
        batch.putLong(BatchDescriptor.MAX_TIMESTAMP, maxTimestampMs);
        batch.putLong(BatchDescriptor.PRODUCER_ID, producerId);
        batch.putShort(BatchDescriptor.PRODUCER_EPOCH, producerEpoch);
        batch.putInt(BatchDescriptor.BASE_SEQUENCE, baseSequence);
        batch.putInt(BatchDescriptor.RECORD_COUNT, count);
        batch.put(HEADER_BYTES, compressed);
        batch.putInt(BatchDescriptor.CRC, BatchDescriptor.computedCrc(batch, 0, batch.capacity()));
        return batch;
    }

    private byte[] compressed() {
        if (compression == Compression.NONE) {
            return records.toByteArray();
        }
        ByteArrayOutputStream target = new ByteArrayOutputStream(records.size() / 2 + 64);
        try (OutputStream out = Codecs.of(compression).compress(target)) {
            records.writeTo(out);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return target.toByteArray();
    }
}
