// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.kafka;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Reads the primitives of Kafka's encoding from a buffer. Reading is total: whatever the bytes are, every method returns a value or
 * throws {@link ProtocolException}.
 *
 * <p>A length or a count is believed only after it was compared with the bytes that remain, so a claim costs no memory. What is
 * read costs memory in proportion to the bytes it came from. Unsigned varints take at most five bytes and must fit 32 bits; one
 * that is padded with empty groups inside those five is accepted, because clients reserve room for a length and fill it in later.
 * Strings are UTF-8, malformed sequences are replaced as {@code String} does.
 *
 * <p>{@link ByteBuffer}s and {@link RecordBytes} returned are views, valid as long as the buffer's content is.
 *
 * <p>Bytes behind a message are no error to its {@code read}: a header is followed by a body. Whoever reads the last message of a
 * frame decides, with {@link #remaining()} or {@link #requireEnd()}.
 *
 * <p>Threading: confined to one thread.
 */
public final class MessageReader {
    /** The id that stands for no id. */
    public static final UUID ZERO_UUID = new UUID(0, 0);

    /** The default of fields of type bytes. */
    public static final ByteBuffer NO_BYTES = ByteBuffer.allocate(0);

    // Lists grow from here as elements arrive.
    private static final int MAX_INITIAL_CAPACITY = 1024;
    private static final int NULL = -1;

    private final ByteBuffer buffer;

    /** Reads from position to limit; the position moves. The order of the buffer's bytes is set to big-endian. */
    public MessageReader(ByteBuffer buffer) {
        this.buffer = buffer.order(ByteOrder.BIG_ENDIAN);
    }

    /** The number of bytes not yet read. */
    public int remaining() {
        return buffer.remaining();
    }

    /** Refuses bytes that follow the last message of a frame. */
    public void requireEnd() {
        if (buffer.hasRemaining()) {
            throw new ProtocolException("bytes behind the message: remaining=" + buffer.remaining());
        }
    }

    /** Refuses a version the message does not have. */
    public void requireVersion(ApiMessage message, short version) {
        if (version < message.oldestVersion() || version > message.latestVersion()) {
            throw new ProtocolException("unsupported version: message="
                    + message.getClass().getSimpleName() + ", version=" + version + ", oldestVersion="
                    + message.oldestVersion() + ", latestVersion=" + message.latestVersion());
        }
    }

    /** One byte; everything but zero is true. */
    public boolean readBoolean() {
        return readByte() != 0;
    }

    /** A signed byte. */
    public byte readByte() {
        require(Byte.BYTES);
        return buffer.get();
    }

    /** A signed 16-bit integer. */
    public short readShort() {
        require(Short.BYTES);
        return buffer.getShort();
    }

    /** An unsigned 16-bit integer. */
    public int readUnsignedShort() {
        return Short.toUnsignedInt(readShort());
    }

    /** A signed 32-bit integer. */
    public int readInt() {
        require(Integer.BYTES);
        return buffer.getInt();
    }

    /** An unsigned 32-bit integer. */
    public long readUnsignedInt() {
        return Integer.toUnsignedLong(readInt());
    }

    /** A signed 64-bit integer. */
    public long readLong() {
        require(Long.BYTES);
        return buffer.getLong();
    }

    /** A double in IEEE 754 format. */
    public double readDouble() {
        require(Double.BYTES);
        return buffer.getDouble();
    }

    /** A 128-bit id; zero gives {@link #ZERO_UUID} itself. */
    public UUID readUuid() {
        require(2 * Long.BYTES);
        long mostSignificant = buffer.getLong();
        long leastSignificant = buffer.getLong();
        return (mostSignificant | leastSignificant) == 0 ? ZERO_UUID : new UUID(mostSignificant, leastSignificant);
    }

    /** A variable-length integer of 32 bits without a sign; the result is to be taken as unsigned. */
    public int readUnsignedVarint() {
        int value = 0;
        for (int shift = 0; shift < 28; shift += 7) {
            byte group = readByte();
            value |= (group & 0x7f) << shift;
            if (group >= 0) {
                return value;
            }
        }
        byte last = readByte();
        if ((last & 0xf0) != 0) {
            throw new ProtocolException("varint longer than 32 bits");
        }
        return value | last << 28;
    }

    /** A string that is there. */
    public String readString(boolean flexible) {
        return utf8(present(stringLength(flexible), "string"));
    }

    /** A string or null; {@code nullable} says whether the version has null. */
    public @Nullable String readNullableString(boolean flexible, boolean nullable) {
        int length = stringLength(flexible);
        return isNull(length, nullable, "string") ? null : utf8(length);
    }

    /** Bytes that are there, as a view. */
    public ByteBuffer readBytes(boolean flexible) {
        return view(present(length(flexible), "bytes"));
    }

    /** Bytes as a view, or null; {@code nullable} says whether the version has null. */
    public @Nullable ByteBuffer readNullableBytes(boolean flexible, boolean nullable) {
        int length = length(flexible);
        return isNull(length, nullable, "bytes") ? null : view(length);
    }

    /** Record bytes as a view, or null; {@code nullable} says whether the version has null. */
    public @Nullable RecordBytes readRecords(boolean flexible, boolean nullable) {
        int length = length(flexible);
        return isNull(length, nullable, "records") ? null : RecordBytes.of(view(length));
    }

    /** The number of elements of an array whose elements take a byte at least, -1 for null. */
    public int readArrayLength(boolean flexible, boolean nullable) {
        return readArrayLength(flexible, nullable, 1);
    }

    /**
     * The number of elements of an array, -1 for null.
     *
     * @param nullable whether the version has null
     * @param leastBytes the fewest bytes an element takes, at least 1
     */
    public int readArrayLength(boolean flexible, boolean nullable, int leastBytes) {
        int count = flexible ? readUnsignedVarint() - 1 : readInt();
        if (count < NULL || (long) count * leastBytes > buffer.remaining()) {
            throw new ProtocolException(
                    "array longer than what remains: count=" + count + ", remaining=" + buffer.remaining());
        }
        return isNull(count, nullable, "array") ? NULL : count;
    }

    /** How large a list for {@code count} elements should begin; it grows as they arrive. */
    public int capacity(int count) {
        return Math.max(0, Math.min(count, MAX_INITIAL_CAPACITY));
    }

    /** Whether a struct that may be null is there. */
    public boolean readPresence() {
        byte presence = readByte();
        if (presence != 1 && presence != NULL) {
            throw new ProtocolException("neither a struct nor null: presence=" + presence);
        }
        return presence == 1;
    }

    /** The number of tagged fields that follow. */
    public int readTagCount() {
        int count = readUnsignedVarint();
        // A tagged field takes two bytes at least: its tag and its size.
        if (count < 0 || 2L * count > buffer.remaining()) {
            throw new ProtocolException("more tagged fields than fit: count=" + Integer.toUnsignedLong(count)
                    + ", remaining=" + buffer.remaining());
        }
        return count;
    }

    /** The tag of the next tagged field, which must be above that of the one before (KIP-482). Tags are unsigned. */
    public int readTag(boolean first, int lastTag) {
        int tag = readUnsignedVarint();
        if (!first && Integer.compareUnsigned(tag, lastTag) <= 0) {
            throw new ProtocolException("tags out of order: tag=" + Integer.toUnsignedLong(tag) + ", after="
                    + Integer.toUnsignedLong(lastTag));
        }
        return tag;
    }

    /** Enters a tagged field: nothing behind it can be read until {@link #leaveTag}. Returns what to pass there. */
    public int enterTag() {
        int size = present(checked(readUnsignedVarint()), "tagged field");
        int outerLimit = buffer.limit();
        buffer.limit(buffer.position() + size);
        return outerLimit;
    }

    /** Takes in the tagged field that was entered, whose tag the version does not know. */
    public List<TaggedField> unknownTag(List<TaggedField> known, int tag) {
        List<TaggedField> fields = known.isEmpty() ? new ArrayList<>(1) : known;
        fields.add(new TaggedField(tag, view(buffer.remaining())));
        return fields;
    }

    /** Leaves a tagged field, which must have been read to its end. */
    public void leaveTag(int outerLimit) {
        if (buffer.hasRemaining()) {
            throw new ProtocolException("tagged field longer than its type: remaining=" + buffer.remaining());
        }
        buffer.limit(outerLimit);
    }

    private int stringLength(boolean flexible) {
        return checked(flexible ? readUnsignedVarint() - 1 : readShort());
    }

    private int length(boolean flexible) {
        return checked(flexible ? readUnsignedVarint() - 1 : readInt());
    }

    private int checked(int length) {
        if (length < NULL || length > buffer.remaining()) {
            throw new ProtocolException(
                    "length beyond what remains: length=" + length + ", remaining=" + buffer.remaining());
        }
        return length;
    }

    private static int present(int length, String what) {
        isNull(length, false, what);
        return length;
    }

    private static boolean isNull(int length, boolean nullable, String what) {
        if (length == NULL && !nullable) {
            throw new ProtocolException("null where this version allows none: reading=" + what);
        }
        return length == NULL;
    }

    private void require(int bytes) {
        if (buffer.remaining() < bytes) {
            throw new ProtocolException("end of bytes: wanted=" + bytes + ", remaining=" + buffer.remaining());
        }
    }

    private ByteBuffer view(int length) {
        int position = buffer.position();
        ByteBuffer view = buffer.slice(position, length);
        buffer.position(position + length);
        return view;
    }

    private String utf8(int length) {
        int position = buffer.position();
        buffer.position(position + length);
        if (buffer.hasArray()) {
            return new String(buffer.array(), buffer.arrayOffset() + position, length, StandardCharsets.UTF_8);
        }
        byte[] bytes = new byte[length];
        buffer.get(position, bytes);
        return new String(bytes, StandardCharsets.UTF_8);
    }
}
