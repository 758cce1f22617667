// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.kafka.generator;

import java.util.Locale;
import tools.jackson.databind.JsonNode;

/**
 * A field, as its specification says, and how Java spells it.
 *
 * <p>Threading: immutable.
 *
 * @param name name in Java
 * @param type type in the specification
 * @param versions versions that carry it
 * @param nullable versions in which it may be null
 * @param tagged versions in which it is a tagged field
 * @param flexible versions in which its length is compact
 * @param tag its tag, -1 when it has none
 * @param ignorable whether a version that does not carry it may drop it
 * @param fallback its default in the specification's words, empty when none is given
 * @param about what the specification says about it, as a documentation comment
 */
record Field(
        String name,
        String type,
        Versions versions,
        Versions nullable,
        Versions tagged,
        Versions flexible,
        int tag,
        boolean ignorable,
        String fallback,
        String about) {

    static Field parse(JsonNode json, Versions valid, Versions flexible) {
        String name = json.path("name").asString();
        Versions versions = Versions.parse(json.path("versions").asString()).intersect(valid);
        Versions own = json.has("flexibleVersions")
                ? Versions.parse(json.path("flexibleVersions").asString())
                : flexible;
        return new Field(
                name.substring(0, 1).toLowerCase(Locale.ROOT) + name.substring(1),
                json.path("type").asString(),
                versions,
                Versions.parse(json.path("nullableVersions").asString("none")).intersect(versions),
                Versions.parse(json.path("taggedVersions").asString("none")).intersect(versions),
                own,
                json.path("tag").asInt(-1),
                json.path("ignorable").asBoolean(false),
                json.path("default").asString(""),
                documentation(json.path("about").asString("")));
    }

    private static String documentation(String words) {
        return words.replace("&", "&amp;")
                .replace("<", "&lt;")
                .replace(">", "&gt;")
                .replace("@", "&#64;")
                .replace("*/", "*&#47;")
                .replace("\\", "&#92;")
                .replace("{", "&#123;")
                .replace("}", "&#125;");
    }

    /** Java for the field, whatever the names around it. */
    String reference() {
        return "this." + name;
    }

    boolean isArray() {
        return type.startsWith("[]");
    }

    String elementType() {
        return type.substring(2);
    }

    boolean isStructure() {
        return isStructure(type);
    }

    static boolean isStructure(String type) {
        return Character.isUpperCase(type.charAt(0));
    }

    boolean isPrimitive() {
        return switch (type) {
            case "bool", "int8", "int16", "uint16", "int32", "uint32", "int64", "float64" -> true;
            default -> false;
        };
    }

    /** Whether the Java field may hold null: in some version, or as the value that stands for absence. */
    boolean mayBeNull() {
        return !isPrimitive() && (!nullable.isEmpty() || fallback.equals("null") || type.equals("records"));
    }

    String javaType() {
        return isArray() ? "List<" + boxed(elementType()) + ">" : java(type);
    }

    static String java(String type) {
        return switch (type) {
            case "bool" -> "boolean";
            case "int8" -> "byte";
            case "int16" -> "short";
            case "uint16", "int32" -> "int";
            case "uint32", "int64" -> "long";
            case "float64" -> "double";
            case "string" -> "String";
            case "uuid" -> "UUID";
            case "bytes" -> "ByteBuffer";
            case "records" -> "RecordBytes";
            default -> type;
        };
    }

    static String boxed(String type) {
        return switch (type) {
            case "bool" -> "Boolean";
            case "int8" -> "Byte";
            case "int16" -> "Short";
            case "uint16", "int32" -> "Integer";
            case "uint32", "int64" -> "Long";
            case "float64" -> "Double";
            default -> java(type);
        };
    }

    /** Java for the default value. */
    String javaDefault() {
        if (fallback.equals("null")) {
            return "null";
        }
        if (isArray()) {
            return "new ArrayList<>(0)";
        }
        return switch (type) {
            case "bool" -> fallback.isEmpty() ? "false" : fallback;
            case "int8" -> "(byte) " + number();
            case "int16" -> "(short) " + number();
            case "uint16", "int32" -> number();
            case "uint32", "int64" -> number() + "L";
            case "float64" -> fallback.isEmpty() ? "0.0" : fallback;
            case "string" -> "\"" + fallback + "\"";
            case "uuid" -> "MessageReader.ZERO_UUID";
            case "bytes" -> "MessageReader.NO_BYTES";
            case "records" -> "null";
            default -> "new " + type + "()";
        };
    }

    private String number() {
        return fallback.isEmpty() ? "0" : fallback;
    }

    /** Java for "the field has its default value". */
    String isDefault() {
        if (fallback.equals("null") || type.equals("records")) {
            return reference() + " == null";
        }
        if (isArray()) {
            return reference() + (mayBeNull() ? " != null && " + reference() : "") + ".isEmpty()";
        }
        if (type.equals("bool")) {
            return fallback.equals("true") ? reference() : "!" + reference();
        }
        if (isPrimitive()) {
            return reference() + " == " + javaDefault();
        }
        if (isStructure()) {
            // One default per structure, that nobody changes, instead of a new one for every comparison.
            return mayBeNull()
                    ? "Objects.equals(" + reference() + ", " + type + ".DEFAULT)"
                    : reference() + ".equals(" + type + ".DEFAULT)";
        }
        return mayBeNull()
                ? "Objects.equals(" + reference() + ", " + javaDefault() + ")"
                : reference() + ".equals(" + javaDefault() + ")";
    }
}
