// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.kafka;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Writes the primitives of Kafka's protocol. Records are not copied: they become parts of their own between what is written.
 *
 * <p>Threading: confined to one thread.
 */
public final class MessageWriter {

    private static final int INITIAL_BYTES = 256;

    private final List<RecordBytes> finished = new ArrayList<>(1);
    private ByteBuffer buffer;
    private int partStart;
    private int finishedBytes;

    public MessageWriter() {
        this(INITIAL_BYTES);
    }

    /** A writer that begins with room for this many bytes. */
    public MessageWriter(int initialBytes) {
        buffer = ByteBuffer.allocate(initialBytes);
    }

    /** Bytes written, records included. */
    public int sizeBytes() {
        return finishedBytes + buffer.position() - partStart;
    }

    /** What was written, in order; the writer must not be used any more. */
    public List<RecordBytes> parts() {
        finishPart();
        return finished;
    }

    /** What was written as one buffer, for messages that hold no range of a file. */
    public ByteBuffer toBuffer() {
        ByteBuffer whole = ByteBuffer.allocate(sizeBytes());
        for (RecordBytes part : parts()) {
            if (!(part instanceof RecordBytes.InMemory memory)) {
                throw new IllegalStateException("the message holds a range of a file: part=" + part);
            }
            whole.put(memory.buffer().duplicate());
        }
        return whole.flip();
    }

    private void finishPart() {
        int bytes = buffer.position() - partStart;
        if (bytes > 0) {
            finished.add(RecordBytes.of(buffer.slice(partStart, bytes)));
            finishedBytes += bytes;
            partStart = buffer.position();
        }
    }

    private ByteBuffer room(int bytes) {
        if (buffer.remaining() < bytes) {
            int used = buffer.position() - partStart;
            int capacity =
                    (int) Math.min(Integer.MAX_VALUE - 8L, Math.max(2L * buffer.capacity(), (long) used + bytes));
            buffer = ByteBuffer.allocate(capacity).put(buffer.slice(partStart, used));
            partStart = 0;
        }
        return buffer;
    }

    /** Refuses a version that the message does not have. */
    public void requireVersion(ApiMessage message, short version) {
        if (version < message.oldestVersion() || version > message.latestVersion()) {
            throw new IllegalArgumentException("no such version: message="
                    + message.getClass().getSimpleName() + ", version=" + version + ", oldest="
                    + message.oldestVersion() + ", latest=" + message.latestVersion());
        }
    }

    /** What is thrown when a version cannot carry a field that is set. */
    public static IllegalArgumentException notCarried(String field, short version) {
        return new IllegalArgumentException(
                "the version does not carry a field that is set: field=" + field + ", version=" + version);
    }

    public void writeBoolean(boolean value) {
        writeByte((byte) (value ? 1 : 0));
    }

    public void writeByte(byte value) {
        room(1).put(value);
    }

    public void writeShort(short value) {
        room(2).putShort(value);
    }

    public void writeUnsignedShort(int value) {
        requireRange(value, 0xffff);
        room(2).putShort((short) value);
    }

    public void writeInt(int value) {
        room(4).putInt(value);
    }

    public void writeUnsignedInt(long value) {
        requireRange(value, 0xffffffffL);
        room(4).putInt((int) value);
    }

    private static void requireRange(long value, long largest) {
        if (value < 0 || value > largest) {
            throw new IllegalArgumentException("out of range: value=" + value + ", largest=" + largest);
        }
    }

    public void writeLong(long value) {
        room(8).putLong(value);
    }

    public void writeDouble(double value) {
        room(8).putDouble(value);
    }

    public void writeUuid(UUID value) {
        room(16).putLong(value.getMostSignificantBits()).putLong(value.getLeastSignificantBits());
    }

    public void writeUnsignedVarint(int value) {
        ByteBuffer target = room(5);
        int rest = value;
        while ((rest & ~0x7f) != 0) {
            target.put((byte) ((rest & 0x7f) | 0x80));
            rest >>>= 7;
        }
        target.put((byte) rest);
    }

    public void writeString(String value, boolean flexible) {
        byte[] bytes = value.getBytes(StandardCharsets.UTF_8);
        if (flexible) {
            writeUnsignedVarint(bytes.length + 1);
        } else {
            requireRange(bytes.length, Short.MAX_VALUE);
            writeShort((short) bytes.length);
        }
        room(bytes.length).put(bytes);
    }

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

    public void writeBytes(ByteBuffer value, boolean flexible) {
        writeLength(value.remaining(), flexible);
        room(value.remaining()).put(value.duplicate());
    }

    public void writeNullableBytes(@Nullable ByteBuffer value, boolean flexible, boolean nullable, String field) {
        if (value != null) {
            writeBytes(value, flexible);
            return;
        }
        requireNullable(nullable, field);
        writeLength(-1, flexible);
    }

    /** Records become a part of their own. */
    public void writeRecords(@Nullable RecordBytes value, boolean flexible, boolean nullable, String field) {
        if (value == null) {
            requireNullable(nullable, field);
            writeLength(-1, flexible);
            return;
        }
        writeLength(value.sizeBytes(), flexible);
        finishPart();
        finished.add(value);
        finishedBytes += value.sizeBytes();
    }

    public void writeArrayLength(int length, boolean flexible) {
        writeLength(length, flexible);
    }

    public void writeNullArray(boolean flexible, boolean nullable, String message, String field) {
        requireNullable(nullable, message + "." + field);
        writeLength(-1, flexible);
    }

    public void writePresence(boolean present, boolean nullable, String message, String field) {
        if (!present) {
            requireNullable(nullable, message + "." + field);
        }
        if (nullable) {
            writeByte((byte) (present ? 1 : -1));
        }
    }

    private void writeLength(int length, boolean flexible) {
        if (flexible) {
            writeUnsignedVarint(length + 1);
        } else {
            writeInt(length);
        }
    }

    private static void requireNullable(boolean nullable, String field) {
        if (!nullable) {
            throw new IllegalArgumentException("null where this version allows none: field=" + field);
        }
    }

    /** Begins the tagged fields of a structure. */
    public Tags tags() {
        return new Tags(this);
    }

    /**
     * The tagged fields of one structure; each is written on its own, because its length comes first.
     *
     * <p>Threading: confined to the thread of the writer.
     */
    public static final class Tags {

        private final MessageWriter target;
        private @Nullable Map<Integer, MessageWriter> fields;

        private Tags(MessageWriter target) {
            this.target = target;
        }

        /** A writer for the contents of a field. */
        public MessageWriter begin(int tag) {
            MessageWriter writer = new MessageWriter();
            put(tag, writer);
            return writer;
        }

        private void put(int tag, MessageWriter writer) {
            Map<Integer, MessageWriter> known = fields;
            if (known == null) {
                known = new TreeMap<>(Integer::compareUnsigned);
                fields = known;
            }
            if (known.put(tag, writer) != null) {
                throw new IllegalArgumentException("tag occurs twice: tag=" + tag);
            }
        }

        /** Writes the fields that were begun and those that nobody knows, in the order of their tags. */
        public void end(List<TaggedField> unknown) {
            for (TaggedField field : unknown) {
                MessageWriter writer = new MessageWriter(field.data().remaining());
                writer.room(field.data().remaining()).put(field.data().duplicate());
                put(field.tag(), writer);
            }
            Map<Integer, MessageWriter> all = fields == null ? Map.of() : fields;
            target.writeUnsignedVarint(all.size());
            all.forEach((tag, writer) -> {
                ByteBuffer contents = writer.toBuffer();
                target.writeUnsignedVarint(tag);
                target.writeUnsignedVarint(contents.remaining());
                target.room(contents.remaining()).put(contents);
            });
        }
    }
}
