// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.cli;

import java.io.PrintStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.json.JsonMapper;

/** Prints results as text or JSON. */
final class Printer {

    private Printer() {}

    /** One JSON value on a line. */
    static void json(PrintStream out, Object value) {
        out.println(Json.MAPPER.writeValueAsString(value));
    }

    /** The JSON object of a failure. */
    static Map<String, Object> failure(String code, @Nullable String message) {
        return object("error", object("code", code, "message", message));
    }

    /** A map with its keys in the given order; the arguments are keys and values in turn. */
    static Map<String, Object> object(@Nullable Object... keysAndValues) {
        final Map<String, @Nullable Object> object = new LinkedHashMap<>();
        for (int i = 0; i < keysAndValues.length; i += 2) {
            object.put(String.valueOf(keysAndValues[i]), keysAndValues[i + 1]);
        }
        @SuppressWarnings("NullAway") // JSON has null
        final Map<String, Object> result = object;
        return result;
    }

    /** Text when the bytes are UTF-8, else Base64 under a name that says so: nothing is changed silently. */
    static void put(Map<String, Object> json, String name, byte @Nullable [] bytes) {
        if (bytes == null) {
            json.putAll(object(name, null));
            return;
        }
        try {
            json.put(
                    name,
                    StandardCharsets.UTF_8
                            .newDecoder()
                            .decode(ByteBuffer.wrap(bytes))
                            .toString());
        } catch (CharacterCodingException e) {
            json.put(name + "Base64", Base64.getEncoder().encodeToString(bytes));
        }
    }

    /** Columns as wide as their widest cell; cells that look like numbers stand to the right. */
    static void table(PrintStream out, List<String> header, List<List<String>> rows) {
        final List<List<String>> all = new ArrayList<>();
        all.add(header);
        all.addAll(rows);
        for (List<String> row : all) {
            final StringBuilder line = new StringBuilder();
            for (int column = 0; column < row.size(); column++) {
                final int width = width(all, column);
                final String cell = row.get(column);
                final String gap = " ".repeat(width - cell.length());
                line.append(column == 0 ? "" : "  ").append(isNumeric(rows, column) ? gap + cell : cell + gap);
            }
            out.println(line.toString().stripTrailing());
        }
    }

    private static int width(List<List<String>> rows, int column) {
        return rows.stream().mapToInt(row -> row.get(column).length()).max().orElse(0);
    }

    private static boolean isNumeric(List<List<String>> rows, int column) {
        return !rows.isEmpty() && rows.stream().allMatch(row -> row.get(column).matches("[-0-9.,]+"));
    }

    /** Made when the first value is printed, since most commands print text. */
    private static final class Json {
        static final JsonMapper MAPPER = JsonMapper.builder().build();
    }
}
