// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.log.batch;

import static io.varve.log.batch.BatchDescriptor.HEADER_BYTES;
import static io.varve.log.batch.BatchDescriptor.NO_TIMESTAMP;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.util.BitSet;

/**
 * Makes a batch out of some of the records of another. Offsets, producer, epochs, sequence, compression and the kind of timestamp stay,
 * and so does every byte of a record but its timestamp delta.
 *
 * <p>The records stream from one codec into the other: of what they unpack to, one record is in memory at a time.
 */
public final class BatchRewrite {

    private BatchRewrite() {}

    /**
     * The batch with the records that are kept.
     *
     * @param batch a batch from position to limit whose records have been gone through without an error; not moved
     * @param kept the indexes of the records that stay, at least one
     * @param deleteHorizonMs the delete horizon that the result has, milliseconds since the epoch, or -1 for that of the batch, if any
     * @param maxBytes what the records may unpack to
     * @return a new buffer, the batch from position to limit
     * @throws InvalidBatchException when the records cannot be read, or unpack to more
     */
    public static ByteBuffer keeping(ByteBuffer batch, BitSet kept, long deleteHorizonMs, long maxBytes) {
        int at = batch.position();
        boolean setsHorizon = deleteHorizonMs != NO_TIMESTAMP;
        long oldBaseMs = BatchDescriptor.baseTimestampMs(batch, at);
        long baseMs = setsHorizon ? deleteHorizonMs : oldBaseMs;
        ByteArrayOutputStream target = new ByteArrayOutputStream(batch.remaining());
        header(target);
        long maxTimestampMs = records(batch, kept, baseMs - oldBaseMs, maxBytes, target);
        if (BatchDescriptor.isAppendTime(batch, at)) {
            maxTimestampMs = BatchDescriptor.maxTimestampMs(batch, at);
        }
        ByteBuffer out = ByteBuffer.wrap(target.toByteArray());
        int attributes = BatchDescriptor.attributes(batch, at);
        if (setsHorizon) {
            attributes |= BatchDescriptor.DELETE_HORIZON_BIT;
        }
        finish(out, batch, attributes, baseMs, maxTimestampMs, kept.cardinality());
        return out;
    }

    /**
     * The header of the batch alone: its offsets, producer, epoch and sequence.
     *
     * @param batch a batch that begins at the buffer's position; not moved
     * @return a new buffer, the batch from position to limit
     */
    public static ByteBuffer empty(ByteBuffer batch) {
        int at = batch.position();
        ByteBuffer out = ByteBuffer.allocate(HEADER_BYTES);
        int attributes = BatchDescriptor.attributes(batch, at)
                & ~(BatchDescriptor.COMPRESSION_MASK | BatchDescriptor.DELETE_HORIZON_BIT);
        finish(out, batch, attributes, NO_TIMESTAMP, BatchDescriptor.maxTimestampMs(batch, at), 0);
        return out;
    }

    private static void header(ByteArrayOutputStream target) {
        target.write(new byte[HEADER_BYTES], 0, HEADER_BYTES);
    }

    /** Copies the records that are kept; returns their largest timestamp. */
    private static long records(
            ByteBuffer batch, BitSet kept, long baseShiftMs, long maxBytes, ByteArrayOutputStream target) {
        int at = batch.position();
        Compression compression = Compression.of(BatchDescriptor.compressionId(batch, at));
        ByteArrayOutputStream head = new ByteArrayOutputStream();
        ByteArrayOutputStream delta = new ByteArrayOutputStream();
        long maxTimestampMs = NO_TIMESTAMP;
        try (RecordInput in = RecordCursor.input(batch, at, maxBytes);
                OutputStream out = Codecs.of(compression).compress(target)) {
            for (int i = 0; i < kept.length(); i++) {
                int length = in.readVarint();
                long end = in.taken + length;
                byte attributes = in.readByte();
                long deltaMs = in.readVarlong();
                int rest = (int) (end - in.taken);
                if (!kept.get(i)) {
                    in.skip(rest);
                    continue;
                }
                maxTimestampMs = Math.max(maxTimestampMs, BatchDescriptor.baseTimestampMs(batch, at) + deltaMs);
                delta.reset();
                BatchBuilder.writeVarlong(delta, deltaMs - baseShiftMs);
                head.reset();
                BatchBuilder.writeVarlong(head, 1 + delta.size() + rest);
                head.write(attributes);
                head.writeTo(out);
                delta.writeTo(out);
                write(in.view(rest), out);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return maxTimestampMs;
    }

    private static void write(ByteBuffer bytes, OutputStream out) throws IOException {
        if (bytes.hasArray()) {
            out.write(bytes.array(), bytes.arrayOffset() + bytes.position(), bytes.remaining());
        } else {
            byte[] copy = new byte[bytes.remaining()];
            bytes.get(bytes.position(), copy);
            out.write(copy);
        }
    }

    private static void finish(
            ByteBuffer out, ByteBuffer batch, int attributes, long baseMs, long maxTimestampMs, int count) {
        int at = batch.position();
        out.putLong(BatchDescriptor.BASE_OFFSET, BatchDescriptor.baseOffset(batch, at));
        out.putInt(BatchDescriptor.LENGTH, out.capacity() - BatchDescriptor.PREFIX_BYTES);
        out.putInt(BatchDescriptor.LEADER_EPOCH, BatchDescriptor.leaderEpoch(batch, at));
        out.put(BatchDescriptor.MAGIC_AT, BatchDescriptor.MAGIC);
        out.putShort(BatchDescriptor.ATTRIBUTES, (short) attributes);
        out.putInt(BatchDescriptor.LAST_OFFSET_DELTA, BatchDescriptor.lastOffsetDelta(batch, at));
        out.putLong(BatchDescriptor.BASE_TIMESTAMP, baseMs);
        out.putLong(BatchDescriptor.MAX_TIMESTAMP, maxTimestampMs);
        out.putLong(BatchDescriptor.PRODUCER_ID, BatchDescriptor.producerId(batch, at));
        out.putShort(BatchDescriptor.PRODUCER_EPOCH, BatchDescriptor.producerEpoch(batch, at));
        out.putInt(BatchDescriptor.BASE_SEQUENCE, BatchDescriptor.baseSequence(batch, at));
        out.putInt(BatchDescriptor.RECORD_COUNT, count);
        out.putInt(BatchDescriptor.CRC, BatchDescriptor.computedCrc(out, 0, out.capacity()));
    }
}
