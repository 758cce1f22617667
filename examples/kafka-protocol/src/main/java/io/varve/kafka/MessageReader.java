// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.kafka;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Reads the primitives of Kafka's protocol from a buffer.
 *
 * <p>Reading is total: whatever the bytes are, a value comes out or a {@link ProtocolException}. Nothing is allocated on the word of
 * a length; strings, bytes and arrays are checked against what is left first.
 *
 * <p>Threading: confined to one thread.
 */
public final class MessageReader {

    /** The UUID that stands for none. */
    public static final UUID ZERO_UUID = new UUID(0, 0);

    /** No bytes. */
    public static final ByteBuffer NO_BYTES = ByteBuffer.allocate(0).asReadOnlyBuffer();

    /** Lists begin no larger than this, whatever count was announced. */
    private static final int MAX_INITIAL_CAPACITY = 1024;

    private final ByteBuffer buffer;

    /** Reads from position to limit; the position moves. Views that are handed out share the buffer's memory. */
    public MessageReader(ByteBuffer buffer) {
        this.buffer = buffer;
    }

    /** Bytes left. */
    public int remaining() {
        return buffer.remaining();
    }

    /** Refuses a version that the message does not have. */
    public void requireVersion(ApiMessage message, short version) {
        if (version < message.oldestVersion() || version > message.latestVersion()) {
            throw new ProtocolException("no such version: message="
                    + message.getClass().getSimpleName() + ", version=" + version + ", oldest="
                    + message.oldestVersion() + ", latest=" + message.latestVersion());
        }
    }

    private void require(long bytes, String what) {
        if (bytes > buffer.remaining()) {
            throw new ProtocolException(
                    "message cut off: reading=" + what + ", bytes=" + bytes + ", left=" + buffer.remaining());
        }
    }

    public boolean readBoolean() {
        return readByte() != 0;
    }

    public byte readByte() {
        require(1, "int8");
        return buffer.get();
    }

    public short readShort() {
        require(2, "int16");
        return buffer.getShort();
    }

    public int readUnsignedShort() {
        return readShort() & 0xffff;
    }

    public int readInt() {
        require(4, "int32");
        return buffer.getInt();
    }

    public long readUnsignedInt() {
        return readInt() & 0xffffffffL;
    }

    public long readLong() {
        require(8, "int64");
        return buffer.getLong();
    }

    public double readDouble() {
        require(8, "float64");
        return buffer.getDouble();
    }

    public UUID readUuid() {
        require(16, "uuid");
        return new UUID(buffer.getLong(), buffer.getLong());
    }

    /** An unsigned varint of at most five bytes. */
    public int readUnsignedVarint() {
        int value = 0;
        for (int shift = 0; shift < 35; shift += 7) {
            byte b = readByte();
            value |= (b & 0x7f) << shift;
            if (b >= 0) {
                return value;
            }
        }
        throw new ProtocolException("varint longer than 5 bytes");
    }

    /** A compact length: one more than the number, 0 for null. */
    private int readCompactLength(String what) {
        int length = readUnsignedVarint() - 1;
        if (length < -1) {
            throw new ProtocolException("length out of range: reading=" + what + ", length=" + (length & 0xffffffffL));
        }
        return length;
    }

    public String readString(boolean flexible) {
        int length = stringLength(flexible);
        isNull(length, false, "string");
        return text(length);
    }

    /** A string; {@code nullable} says whether it may be null in this version. */
    public @Nullable String readNullableString(boolean flexible, boolean nullable) {
        int length = stringLength(flexible);
        return isNull(length, nullable, "string") ? null : text(length);
    }

    private int stringLength(boolean flexible) {
        return flexible ? readCompactLength("string") : readShort();
    }

    private String text(int length) {
        ByteBuffer bytes = view(length, "string");
        try {
            return StandardCharsets.UTF_8.newDecoder().decode(bytes).toString();
        } catch (CharacterCodingException e) {
            throw new ProtocolException("string is not UTF-8: bytes=" + length);
        }
    }

    public ByteBuffer readBytes(boolean flexible) {
        int length = bytesLength(flexible);
        isNull(length, false, "bytes");
        return view(length, "bytes");
    }

    /** Bytes, as a view; {@code nullable} says whether they may be null in this version. */
    public @Nullable ByteBuffer readNullableBytes(boolean flexible, boolean nullable) {
        int length = bytesLength(flexible);
        return isNull(length, nullable, "bytes") ? null : view(length, "bytes");
    }

    private int bytesLength(boolean flexible) {
        return flexible ? readCompactLength("bytes") : readInt();
    }

    /** Records, as a view; {@code nullable} says whether they may be null in this version. */
    public @Nullable RecordBytes readRecords(boolean flexible, boolean nullable) {
        int length = bytesLength(flexible);
        return isNull(length, nullable, "records") ? null : RecordBytes.of(view(length, "records"));
    }

    private ByteBuffer view(int length, String what) {
        require(length, what);
        ByteBuffer view = buffer.slice(buffer.position(), length);
        buffer.position(buffer.position() + length);
        return view;
    }

    private static boolean isNull(int length, boolean nullable, String what) {
        if (length >= 0) {
            return false;
        }
        if (length < -1 || !nullable) {
            throw new ProtocolException("length out of range: reading=" + what + ", length=" + length);
        }
        return true;
    }

    /** The number of elements of an array, -1 for null. An element has at least one byte, so more than are left cannot be. */
    public int readArrayLength(boolean flexible, boolean nullable) {
        int length = flexible ? readCompactLength("array") : readInt();
        if (isNull(length, nullable, "array")) {
            return -1;
        }
        require(length, "array");
        return length;
    }

    /** How large a list for this many elements should begin. */
    public int capacity(int count) {
        return Math.max(0, Math.min(count, MAX_INITIAL_CAPACITY));
    }

    /** Whether a structure that may be null is there. */
    public boolean readPresence() {
        return readByte() >= 0;
    }

    /** The number of tagged fields that follow. */
    public int readTagCount() {
        int count = readUnsignedVarint();
        if (count < 0 || 2L * count > buffer.remaining()) {
            throw new ProtocolException(
                    "tagged field count out of range: count=" + (count & 0xffffffffL) + ", left=" + buffer.remaining());
        }
        return count;
    }

    /** The tag of the next tagged field, which must be above that of the one before. */
    public int readTag(boolean first, int lastTag) {
        int tag = readUnsignedVarint();
        if (!first && Integer.compareUnsigned(tag, lastTag) <= 0) {
            throw new ProtocolException("tags out of order: tag=" + tag + ", after=" + lastTag);
        }
        return tag;
    }

    /** Reads the length of a tagged field and returns where it ends. */
    public int readTagEnd(int tag) {
        int size = readUnsignedVarint();
        if (size < 0) {
            throw new ProtocolException("tagged field too long: tag=" + tag + ", bytes=" + (size & 0xffffffffL));
        }
        require(size, "tagged field");
        return buffer.position() + size;
    }

    /** Takes in a field whose tag is unknown. */
    public List<TaggedField> unknownTag(List<TaggedField> known, int tag, int tagEnd) {
        List<TaggedField> fields = known.isEmpty() ? new ArrayList<>(1) : known;
        fields.add(new TaggedField(tag, view(tagEnd - buffer.position(), "tagged field")));
        return fields;
    }

    /** Demands that a tagged field was read to its end and no further. */
    public void endTag(int tagEnd) {
        if (buffer.position() != tagEnd) {
            throw new ProtocolException("tagged field length does not match: off by " + (tagEnd - buffer.position()));
        }
    }
}
