// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.kafka;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Writes the primitives of Kafka's encoding, in one pass, into one buffer that grows. Record bytes are not copied: the writer
 * remembers where they belong, and {@link #parts()} hands them out between the pieces of the buffer.
 *
 * <p>No size is computed beforehand. The only one that is not known when it must be written is that of a tagged field: its content
 * is moved up by the width of its size at the end. Tagged fields are rare and small; computing all sizes in
 * a pass of their own would visit every field of every message twice.
 *
 * <p>A writer can be reused: {@link #reset()} keeps the buffer.
 *
 * <p>Threading: confined to one thread.
 */
public final class MessageWriter {
    private static final int MAX_BUFFER_BYTES = Integer.MAX_VALUE - 8;

    private ByteBuffer buffer;
    private final List<RecordBytes> records = new ArrayList<>();
    // Where in the buffer each of the records belongs.
    private final List<Integer> recordPositions = new ArrayList<>();
    private int recordSizeBytes;

    /** A writer with a buffer of 512 bytes to begin with. */
    public MessageWriter() {
        this(512);
    }

    /** A writer with a buffer of {@code initialBytes} to begin with. */
    public MessageWriter(int initialBytes) {
        this.buffer = ByteBuffer.allocate(initialBytes);
    }

    /** The number of bytes written, record bytes included. */
    public int sizeBytes() {
        return buffer.position() + recordSizeBytes;
    }

    /**
     * What was written, in order: pieces of the writer's buffer, all {@link RecordBytes.InMemory}, and between them the record bytes
     * that were written. None is empty. The pieces of the buffer are views, valid until the next write or {@link #reset()}.
     */
    public List<RecordBytes> parts() {
        List<RecordBytes> parts = new ArrayList<>(2 * records.size() + 1);
        int start = 0;
        for (int i = 0; i < records.size(); i++) {
            int end = recordPositions.get(i);
            addPiece(parts, start, end);
            parts.add(records.get(i));
            start = end;
        }
        addPiece(parts, start, buffer.position());
        return parts;
    }

    /**
     * A copy of all that was written, in one array of exactly its size.
     *
     * @throws IllegalStateException when record bytes of a file were written
     */
    public ByteBuffer toBuffer() {
        ByteBuffer joined = ByteBuffer.allocate(sizeBytes());
        for (RecordBytes part : parts()) {
            if (!(part instanceof RecordBytes.InMemory memory)) {
                throw new IllegalStateException("the message holds a range of a file: part=" + part);
            }
            joined.put(memory.buffer().duplicate());
        }
        return joined.flip();
    }

    /** Forgets what was written. The buffer is written over next, so its parts must have left before. */
    public void reset() {
        buffer.clear();
        records.clear();
        recordPositions.clear();
        recordSizeBytes = 0;
    }

    /** Refuses a version the message does not have. */
    public void requireVersion(ApiMessage message, short version) {
        if (version < message.oldestVersion() || version > message.latestVersion()) {
            throw new IllegalArgumentException("unsupported version: message="
                    + message.getClass().getSimpleName() + ", version=" + version + ", oldestVersion="
                    + message.oldestVersion() + ", latestVersion=" + message.latestVersion());
        }
    }

    /** One byte, 1 or 0. */
    public void writeBoolean(boolean value) {
        writeByte((byte) (value ? 1 : 0));
    }

    /** A signed byte. */
    public void writeByte(byte value) {
        ensure(Byte.BYTES);
        buffer.put(value);
    }

    /** A signed 16-bit integer. */
    public void writeShort(short value) {
        ensure(Short.BYTES);
        buffer.putShort(value);
    }

    /** An unsigned 16-bit integer. */
    public void writeUnsignedShort(int value) {
        if (value < 0 || value > 0xffff) {
            throw new IllegalArgumentException("not an unsigned 16-bit integer: value=" + value);
        }
        writeShort((short) value);
    }

    /** A signed 32-bit integer. */
    public void writeInt(int value) {
        ensure(Integer.BYTES);
        buffer.putInt(value);
    }

    /** An unsigned 32-bit integer. */
    public void writeUnsignedInt(long value) {
        if (value < 0 || value > 0xffff_ffffL) {
            throw new IllegalArgumentException("not an unsigned 32-bit integer: value=" + value);
        }
        writeInt((int) value);
    }

    /** A signed 64-bit integer. */
    public void writeLong(long value) {
        ensure(Long.BYTES);
        buffer.putLong(value);
    }

    /** A double in IEEE 754 format. */
    public void writeDouble(double value) {
        ensure(Double.BYTES);
        buffer.putDouble(value);
    }

    /** A 128-bit id. */
    public void writeUuid(UUID value) {
        ensure(2 * Long.BYTES);
        buffer.putLong(value.getMostSignificantBits());
        buffer.putLong(value.getLeastSignificantBits());
    }

    /** A variable-length integer of 32 bits, taken as unsigned. */
    public void writeUnsignedVarint(int value) {
        ensure(5);
        int rest = value;
        while ((rest & ~0x7f) != 0) {
            buffer.put((byte) (rest | 0x80));
            rest >>>= 7;
        }
        buffer.put((byte) rest);
    }

    /** A string. */
    public void writeString(String value, boolean flexible) {
        byte[] bytes = value.getBytes(StandardCharsets.UTF_8);
        // Kafka holds compact strings to the same limit.
        if (bytes.length > Short.MAX_VALUE) {
            throw new IllegalArgumentException("string too long: bytes=" + bytes.length);
        }
        if (flexible) {
            writeUnsignedVarint(bytes.length + 1);
        } else {
            writeShort((short) bytes.length);
        }
        ensure(bytes.length);
        buffer.put(bytes);
    }

    /** A string or null; {@code nullable} says whether the version has null. */
    public void writeNullableString(@Nullable String value, boolean flexible, boolean nullable, String field) {
        if (value != null) {
            writeString(value, flexible);
            return;
        }
        requireNullable(nullable, field);
        if (flexible) {
            writeUnsignedVarint(0);
        } else {
            writeShort((short) -1);
        }
    }

    /** The bytes between position and limit of {@code value}, which does not move. */
    public void writeBytes(ByteBuffer value, boolean flexible) {
        writeLength(value.remaining(), flexible);
        append(value);
    }

    /** Bytes or null; {@code nullable} says whether the version has null. */
    public void writeNullableBytes(@Nullable ByteBuffer value, boolean flexible, boolean nullable, String field) {
        if (value != null) {
            writeBytes(value, flexible);
            return;
        }
        requireNullable(nullable, field);
        writeLength(-1, flexible);
    }

    /**
     * Record bytes, which are not copied and must stay until the parts were sent, or null; {@code nullable} says whether the version
     * has null.
     */
    public void writeRecords(@Nullable RecordBytes value, boolean flexible, boolean nullable, String field) {
        if (value == null) {
            requireNullable(nullable, field);
            writeLength(-1, flexible);
            return;
        }
        int size = value.sizeBytes();
        writeLength(size, flexible);
        if (size > 0) {
            records.add(value);
            recordPositions.add(buffer.position());
            recordSizeBytes = Math.addExact(recordSizeBytes, size);
        }
    }

    /** The length of an array, whose elements follow. */
    public void writeArrayLength(int length, boolean flexible) {
        writeLength(length, flexible);
    }

    /** The null that stands for an array; {@code nullable} says whether the version has it. */
    public void writeNullArray(boolean flexible, boolean nullable, String message, String field) {
        requireNullable(nullable, message + "." + field);
        writeLength(-1, flexible);
    }

    /** What stands in front of a struct that may be null; nothing in a version in which it may not. */
    public void writePresence(boolean present, boolean nullable, String message, String field) {
        if (!present) {
            requireNullable(nullable, message + "." + field);
        }
        if (nullable) {
            writeByte((byte) (present ? 1 : -1));
        }
    }

    /** Begins a tagged field; its content follows, then {@link #endTag} with what is returned here. */
    public int beginTag(int tag) {
        writeUnsignedVarint(tag);
        return buffer.position();
    }

    /** Ends a tagged field: puts the size in front of its content. */
    public void endTag(int start) {
        int size = buffer.position() - start;
        writeUnsignedVarint(size); // to make the room; the bytes are written over
        int width = buffer.position() - start - size;
        byte[] array = buffer.array();
        System.arraycopy(array, start, array, start + width, size);
        buffer.position(start);
        writeUnsignedVarint(size);
        buffer.position(start + width + size);
    }

    /**
     * Writes those of the fields that the specification does not know whose tag lies below {@code tag}, which is unsigned.
     *
     * @param from index of the first field not yet written
     * @return index of the first field still to write
     */
    public int writeUnknownTags(List<TaggedField> fields, int from, int tag) {
        int next = from;
        while (next < fields.size() && Integer.compareUnsigned(fields.get(next).tag(), tag) < 0) {
            writeUnknownTag(fields, next);
            next++;
        }
        if (next < fields.size() && fields.get(next).tag() == tag) {
            throw new IllegalArgumentException("tag occurs twice: tag=" + Integer.toUnsignedLong(tag));
        }
        return next;
    }

    /** Writes the fields that the specification does not know from {@code from} on. */
    public void writeUnknownTags(List<TaggedField> fields, int from) {
        for (int i = from; i < fields.size(); i++) {
            writeUnknownTag(fields, i);
        }
    }

    private void writeUnknownTag(List<TaggedField> fields, int index) {
        TaggedField field = fields.get(index);
        if (index > 0
                && Integer.compareUnsigned(field.tag(), fields.get(index - 1).tag()) <= 0) {
            throw new IllegalArgumentException("tags out of order: tag=" + Integer.toUnsignedLong(field.tag()));
        }
        writeUnsignedVarint(field.tag());
        writeUnsignedVarint(field.data().remaining());
        append(field.data());
    }

    /** What is thrown when a version cannot carry a field that is set. */
    public static IllegalArgumentException notCarried(String field, short version) {
        return new IllegalArgumentException(
                "the version does not carry a field that is set: field=" + field + ", version=" + version);
    }

    private static void requireNullable(boolean nullable, String field) {
        if (!nullable) {
            throw new IllegalArgumentException("null where this version allows none: field=" + field);
        }
    }

    private void writeLength(int length, boolean flexible) {
        if (flexible) {
            writeUnsignedVarint(length + 1);
        } else {
            writeInt(length);
        }
    }

    private void append(ByteBuffer source) {
        int length = source.remaining();
        ensure(length);
        int position = buffer.position();
        buffer.put(position, source, source.position(), length);
        buffer.position(position + length);
    }

    private void addPiece(List<RecordBytes> parts, int start, int end) {
        if (end > start) {
            parts.add(new RecordBytes.InMemory(buffer.slice(start, end - start)));
        }
    }

    private void ensure(int bytes) {
        if (buffer.remaining() < bytes) {
            grow(bytes);
        }
    }

    private void grow(int bytes) {
        long wanted = (long) buffer.position() + bytes;
        if (wanted > MAX_BUFFER_BYTES) {
            throw new IllegalArgumentException("message too large: sizeBytes=" + wanted);
        }
        int capacity = (int) Math.min(Math.max(2L * buffer.capacity(), wanted), MAX_BUFFER_BYTES);
        buffer = ByteBuffer.allocate(capacity).put(buffer.flip());
    }
}
