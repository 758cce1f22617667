// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.kafka;

import java.nio.ByteBuffer;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.Random;
import java.util.TreeMap;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.protocol.types.BoundField;
import org.apache.kafka.common.protocol.types.Field;
import org.apache.kafka.common.protocol.types.NullableSchema;
import org.apache.kafka.common.protocol.types.RawTaggedField;
import org.apache.kafka.common.protocol.types.Schema;
import org.apache.kafka.common.protocol.types.Struct;
import org.apache.kafka.common.protocol.types.TaggedFields;
import org.apache.kafka.common.protocol.types.Type;
import org.apache.kafka.common.record.internal.MemoryRecords;

/**
 * Random bytes of a message, written by Kafka's schema of one version, so that neither Kafka's generated classes nor ours decide
 * what such a message looks like.
 */
final class KafkaBytes {

    private final Random random;

    KafkaBytes(long seed) {
        this.random = new Random(seed);
    }

    byte[] of(Schema schema) {
        Object struct = struct(schema, 0);
        ByteBuffer bytes = ByteBuffer.allocate(schema.sizeOf(struct));
        schema.write(bytes, struct);
        return bytes.array();
    }

    private Struct struct(Schema schema, int depth) {
        Struct struct = new Struct(schema);
        for (BoundField field : schema.fields()) {
            struct.set(field, value(field.def.type, depth));
        }
        return struct;
    }

    private Object value(Type type, int depth) {
        if (type instanceof TaggedFields tagged) {
            return tags(tagged, depth);
        }
        if (type.isNullable() && random.nextInt(4) == 0) {
            return null;
        }
        Optional<Type> element = type.arrayElementType();
        if (element.isPresent()) {
            Object[] elements = new Object[random.nextInt(depth > 3 ? 2 : 4)];
            for (int i = 0; i < elements.length; i++) {
                elements[i] = value(element.get(), depth + 1);
            }
            return elements;
        }
        if (type instanceof Schema schema && !(type instanceof NullableSchema)) {
            return struct(schema, depth + 1);
        }
        if (type instanceof NullableSchema nullable) {
            return struct(nullable, depth + 1);
        }
        return primitive(type.toString());
    }

    private Object primitive(String type) {
        return switch (type) {
            case "BOOLEAN" -> random.nextBoolean();
            case "INT8" -> (byte) edged();
            case "INT16" -> (short) edged();
            case "UINT16" -> (int) edged() & 0xffff;
            case "INT32" -> (int) edged();
            case "UINT32" -> edged() & 0xffff_ffffL;
            case "INT64" -> edged();
            case "FLOAT64" -> random.nextDouble();
            case "UUID" -> random.nextInt(4) == 0 ? Uuid.ZERO_UUID : new Uuid(random.nextLong(), random.nextLong());
            case "STRING", "COMPACT_STRING", "NULLABLE_STRING", "COMPACT_NULLABLE_STRING" -> text();
            case "BYTES", "COMPACT_BYTES", "NULLABLE_BYTES", "COMPACT_NULLABLE_BYTES" -> ByteBuffer.wrap(bytes());
            case "RECORDS", "COMPACT_RECORDS", "NULLABLE_RECORDS", "COMPACT_NULLABLE_RECORDS" ->
                MemoryRecords.readableRecords(ByteBuffer.wrap(bytes()));
            default -> throw new IllegalArgumentException("unknown type: type=" + type);
        };
    }

    private NavigableMap<Integer, Object> tags(TaggedFields type, int depth) {
        NavigableMap<Integer, Object> tags = new TreeMap<>();
        for (Map.Entry<Integer, Field> known : type.fields().entrySet()) {
            if (random.nextBoolean()) {
                tags.put(known.getKey(), value(known.getValue().type, depth + 1));
            }
        }
        while (random.nextInt(3) == 0) {
            int tag = 100 + random.nextInt(1 << random.nextInt(1, 31) - 1);
            if (tag > 0) {
                tags.put(tag, new RawTaggedField(tag, bytes()));
            }
        }
        return tags;
    }

    /** Any number, and those at the edges of the types more often than chance would have it. */
    private long edged() {
        return switch (random.nextInt(5)) {
            case 0 -> 0;
            case 1 -> -1;
            case 2 -> (1L << (8 << random.nextInt(4)) - 1) - random.nextInt(2);
            default -> random.nextLong();
        };
    }

    private String text() {
        return switch (random.nextInt(4)) {
            case 0 -> "";
            case 1 -> "größer €𝄞".repeat(random.nextInt(4));
            default -> "x".repeat(random.nextInt(200));
        };
    }

    private byte[] bytes() {
        byte[] bytes = new byte[random.nextInt(300)];
        random.nextBytes(bytes);
        return bytes;
    }
}
