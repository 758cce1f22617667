// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.cli;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Bytes of records for people and for programs; nothing is changed silently. */
final class RecordText {

    private RecordText() {}

    /** On one line: what does not print is escaped, as is every byte when the bytes are not UTF-8. */
    static String escaped(@Nullable ByteBuffer bytes) {
        if (bytes == null) {
            return "null";
        }
        final String text = decoded(bytes);
        final StringBuilder out = new StringBuilder();
        if (text == null) {
            for (int at = bytes.position(); at < bytes.limit(); at++) {
                final byte value = bytes.get(at);
                escape(out, value >= ' ' && value < 127 ? value : value & 0xff, value < 0);
            }
        } else {
            text.codePoints().forEach(point -> escape(out, point, false));
        }
        return out.toString();
    }

    private static void escape(StringBuilder out, int point, boolean isByte) {
        if (point == '\\') {
            out.append("\\\\");
        } else if (point == '\n') {
            out.append("\\n");
        } else if (point == '\t') {
            out.append("\\t");
        } else if (point == '\r') {
            out.append("\\r");
        } else if (isByte || Character.isISOControl(point)) {
            out.append(String.format("\\x%02x", point));
        } else {
            out.appendCodePoint(point);
        }
    }

    /** Text when the bytes are UTF-8, else Base64 under a name that says so. */
    static void put(Map<String, Object> json, String name, @Nullable ByteBuffer bytes) {
        final String text = bytes == null ? null : decoded(bytes);
        if (bytes == null || text != null) {
            json.putAll(Printer.object(name, text));
            return;
        }
        final byte[] copy = new byte[bytes.remaining()];
        bytes.duplicate().get(copy);
        json.put(name + "Base64", Base64.getEncoder().encodeToString(copy));
    }

    private static @Nullable String decoded(ByteBuffer bytes) {
        try {
            return StandardCharsets.UTF_8.newDecoder().decode(bytes.duplicate()).toString();
        } catch (CharacterCodingException e) {
            return null;
        }
    }
}
