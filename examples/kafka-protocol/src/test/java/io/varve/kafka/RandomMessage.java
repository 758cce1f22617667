// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.kafka;

import java.lang.reflect.Field;
import java.lang.reflect.Modifier;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.Type;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.UUID;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Fills messages with random contents that a version can carry. */
final class RandomMessage {

    private static final Pattern NAMED = Pattern.compile("field=([A-Za-z0-9]+)\\.([A-Za-z0-9]+)");

    /** How a message is filled. */
    enum Style {
        DEFAULTS,
        RANDOM,
        NULLS
    }

    private final Random random;
    private final Style style;

    RandomMessage(long seed, Style style) {
        this.random = new Random(seed);
        this.style = style;
    }

    /** A message of the kind of {@code empty} that can be written in this version. */
    ApiMessage fill(ApiMessage empty, short version) throws ReflectiveOperationException {
        if (style != Style.DEFAULTS) {
            fillFields(empty, 0);
        }
        for (int attempt = 0; attempt < 1000; attempt++) {
            try {
                empty.write(new MessageWriter(), version);
                return empty;
            } catch (IllegalArgumentException e) {
                // The version cannot carry what was filled in: the message says which field.
                Matcher named = NAMED.matcher(e.getMessage());
                if (!named.find()) {
                    throw e;
                }
                repair(empty, named.group(1), named.group(2), e.getMessage().startsWith("null"));
            }
        }
        throw new IllegalStateException("cannot be filled: " + empty.getClass());
    }

    static List<Field> fields(Class<?> type) {
        return Arrays.stream(type.getDeclaredFields())
                .filter(field -> !Modifier.isStatic(field.getModifiers()))
                .peek(field -> field.setAccessible(true))
                .toList();
    }

    private void fillFields(Object message, int depth) throws ReflectiveOperationException {
        for (Field field : fields(message.getClass())) {
            if (field.getName().equals("unknownTaggedFields")) {
                continue;
            }
            boolean nullable = field.getAnnotatedType().isAnnotationPresent(Nullable.class);
            field.set(message, style == Style.NULLS && nullable ? null : value(field.getGenericType(), depth));
        }
    }

    private Object value(Type type, int depth) throws ReflectiveOperationException {
        if (type instanceof ParameterizedType list) {
            int count = depth > 2 ? 0 : random.nextInt(4);
            List<Object> elements = new ArrayList<>();
            for (int i = 0; i < count; i++) {
                elements.add(value(list.getActualTypeArguments()[0], depth + 1));
            }
            return elements;
        }
        Class<?> raw = (Class<?>) type;
        if (raw == boolean.class || raw == Boolean.class) {
            return random.nextBoolean();
        } else if (raw == byte.class || raw == Byte.class) {
            return (byte) random.nextInt();
        } else if (raw == short.class || raw == Short.class) {
            return (short) random.nextInt();
        } else if (raw == int.class || raw == Integer.class) {
            // uint16 is an int as well. The whole range of int32 is KafkaSchemaOracleTest's.
            return random.nextInt(0x10000);
        } else if (raw == long.class || raw == Long.class) {
            return random.nextLong();
        } else if (raw == double.class || raw == Double.class) {
            return random.nextDouble();
        } else if (raw == String.class) {
            return "ü".repeat(random.nextInt(3)) + "x".repeat(random.nextInt(200));
        } else if (raw == UUID.class) {
            return new UUID(random.nextLong(), random.nextLong());
        } else if (raw == ByteBuffer.class) {
            return bytes();
        } else if (raw == RecordBytes.class) {
            return RecordBytes.of(bytes());
        }
        Object structure = raw.getDeclaredConstructor().newInstance();
        fillFields(structure, depth + 1);
        return structure;
    }

    private ByteBuffer bytes() {
        byte[] bytes = new byte[random.nextInt(300)];
        random.nextBytes(bytes);
        return ByteBuffer.wrap(bytes);
    }

    /** Sets a field back, wherever it occurs: to its default, or to something that is not null. */
    private void repair(Object object, String type, String name, boolean mustNotBeNull)
            throws ReflectiveOperationException {
        if (object instanceof List<?> list) {
            for (Object element : list) {
                repair(element, type, name, mustNotBeNull);
            }
            return;
        }
        if (object == null || !object.getClass().getName().startsWith("io.varve.kafka.message")) {
            return;
        }
        for (Field field : fields(object.getClass())) {
            if (field.getName().equals(name)
                    && object.getClass().getSimpleName().equals(type)) {
                if (!mustNotBeNull) {
                    field.set(
                            object,
                            field.get(object.getClass().getDeclaredConstructor().newInstance()));
                } else if (field.get(object) == null) {
                    field.set(object, value(field.getGenericType(), 2));
                }
            }
            repair(field.get(object), type, name, mustNotBeNull);
        }
    }
}
