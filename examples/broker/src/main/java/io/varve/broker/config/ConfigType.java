// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.config;

import java.util.List;
import java.util.Locale;

/** How the text of a value is read, with the number that Kafka's DescribeConfigs gives the type. */
public enum ConfigType {
    /** {@code true} or {@code false}, in any case. */
    BOOLEAN(1),
    /** Text, without the white space around it. */
    STRING(2),
    /** A whole number of 32 bits. */
    INT(3),
    /** A whole number of 16 bits. */
    SHORT(4),
    /** A whole number of 64 bits. */
    LONG(5),
    /** A number with a fraction. */
    DOUBLE(6),
    /** Elements between commas. */
    LIST(7);

    private final byte id;

    ConfigType(int id) {
        this.id = (byte) id;
    }

    /** The type's number in a DescribeConfigs response. */
    public byte id() {
        return id;
    }

    /** The type's name as people write it: {@code int}, {@code list}. */
    public String label() {
        return name().toLowerCase(Locale.ROOT);
    }

    /**
     * Reads a value.
     *
     * @return a Boolean, String, Integer, Short, Long, Double or an unmodifiable list of strings
     * @throws IllegalArgumentException when the text is not of this type
     */
    Object parse(String text) {
        final String trimmed = text.trim();
        return switch (this) {
            case BOOLEAN -> parseBoolean(trimmed);
            case STRING -> trimmed;
            case INT -> Integer.valueOf(trimmed);
            case SHORT -> Short.valueOf(trimmed);
            case LONG -> Long.valueOf(trimmed);
            case DOUBLE -> Double.valueOf(trimmed);
            case LIST -> trimmed.isEmpty() ? List.of() : List.of(trimmed.split("\\s*,\\s*", -1));
        };
    }

    private static Boolean parseBoolean(String text) {
        if (text.equalsIgnoreCase("true")) {
            return Boolean.TRUE;
        }
        if (text.equalsIgnoreCase("false")) {
            return Boolean.FALSE;
        }
        throw new IllegalArgumentException("neither true nor false");
    }
}
