// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.kafka.generator;

import java.util.List;

/**
 * The method that reads a message or a structure.
 *
 * <p>Threading: confined to one thread.
 */
final class ReadSource {

    private final SourceWriter out;
    private final Rules rules;
    private final Specification type;
    private final boolean overrides;

    ReadSource(SourceWriter out, Rules rules, Specification type, boolean overrides) {
        this.out = out;
        this.rules = rules;
        this.type = type;
        this.overrides = overrides;
    }

    void method() {
        out.line("");
        if (overrides) {
            out.line("@Override");
        }
        out.open("public void read(MessageReader reader, short version) {");
        if (overrides) {
            out.line("reader.requireVersion(this, version);");
        }
        for (Field field : type.fields()) {
            Versions plain = untagged(field);
            String condition = plain.condition(type.versions());
            if (condition.equals("true")) {
                read(field);
            } else if (condition.equals("false")) {
                out.line("%s = %s;", field.reference(), field.javaDefault());
            } else {
                out.open("if (%s) {", condition);
                read(field);
                out.reopen("} else {");
                out.line("%s = %s;", field.reference(), field.javaDefault());
                out.close("}");
            }
        }
        taggedFields();
        out.close("}");
    }

    /** The versions in which a field stands in line; a field is tagged from some version on or always. */
    static Versions untagged(Field field) {
        if (field.tagged().isEmpty()) {
            return field.versions();
        }
        return new Versions(field.versions().lowest(), field.tagged().lowest() - 1).intersect(field.versions());
    }

    private void read(Field field) {
        String flexible = field.flexible().condition(type.versions());
        String nullable = field.nullable().condition(type.versions());
        if (field.isArray()) {
            array(field, flexible, nullable);
        } else if (field.isStructure()) {
            structure(field, nullable);
        } else {
            out.line("%s = %s;", field.reference(), value(field.type(), flexible, nullable, field.mayBeNull()));
        }
    }

    private void array(Field field, String flexible, String nullable) {
        String count = field.name() + "Count";
        int leastBytes = rules.leastBytes(field.elementType());
        out.line("int %s = reader.readArrayLength(%s, %s, %d);", count, flexible, nullable, leastBytes);
        if (field.mayBeNull()) {
            out.open("if (%s < 0) {", count);
            out.line("%s = null;", field.reference());
            out.reopen("} else {");
        }
        String element = field.elementType();
        String list = field.name() + "Read";
        out.line("%s %s = new ArrayList<>(reader.capacity(%s));", field.javaType(), list, count);
        out.open("for (int i = 0; i < %s; i++) {", count);
        if (Field.isStructure(element)) {
            out.line("%s element = new %s();", element, element);
            out.line("element.read(reader, version);");
            out.line("%s.add(element);", list);
        } else {
            out.line("%s.add(%s);", list, value(element, flexible, "false", false));
        }
        out.close("}");
        out.line("%s = %s;", field.reference(), list);
        if (field.mayBeNull()) {
            out.close("}");
        }
    }

    private void structure(Field field, String nullable) {
        if (!nullable.equals("false")) {
            String present =
                    nullable.equals("true") ? "reader.readPresence()" : "!(" + nullable + ") || reader.readPresence()";
            out.open("if (%s) {", present);
        }
        out.line("%1$s %2$sRead = new %1$s();", field.type(), field.name());
        out.line("%sRead.read(reader, version);", field.name());
        out.line("%s = %sRead;", field.reference(), field.name());
        if (!nullable.equals("false")) {
            out.reopen("} else {");
            out.line("%s = null;", field.reference());
            out.close("}");
        }
    }

    static String value(String type, String flexible, String nullable, boolean mayBeNull) {
        return switch (type) {
            case "bool" -> "reader.readBoolean()";
            case "int8" -> "reader.readByte()";
            case "int16" -> "reader.readShort()";
            case "uint16" -> "reader.readUnsignedShort()";
            case "int32" -> "reader.readInt()";
            case "uint32" -> "reader.readUnsignedInt()";
            case "int64" -> "reader.readLong()";
            case "float64" -> "reader.readDouble()";
            case "uuid" -> "reader.readUuid()";
            case "string" ->
                mayBeNull
                        ? "reader.readNullableString(" + flexible + ", " + nullable + ")"
                        : "reader.readString(" + flexible + ")";
            case "bytes" ->
                mayBeNull
                        ? "reader.readNullableBytes(" + flexible + ", " + nullable + ")"
                        : "reader.readBytes(" + flexible + ")";
            case "records" -> "reader.readRecords(" + flexible + ", " + nullable + ")";
            default -> throw new IllegalArgumentException("unknown type: type=" + type);
        };
    }

    private void taggedFields() {
        String flexible = type.flexible().condition(type.versions());
        out.line("unknownTaggedFields = List.of();");
        if (flexible.equals("false")) {
            return;
        }
        out.open("if (%s) {", flexible);
        List<Field> tagged = type.fields().stream()
                .filter(field -> !field.tagged().isEmpty())
                .toList();
        out.line("int tagCount = reader.readTagCount();");
        out.line("int lastTag = -1;");
        out.open("for (int tagIndex = 0; tagIndex < tagCount; tagIndex++) {");
        out.line("int tag = reader.readTag(tagIndex == 0, lastTag);");
        out.line("int outerLimit = reader.enterTag();");
        out.line("lastTag = tag;");
        out.open("switch (tag) {");
        for (Field field : tagged) {
            out.open("case %d -> {", field.tag());
            String condition = field.tagged().condition(type.versions());
            if (condition.equals("true")) {
                read(field);
            } else {
                out.open("if (%s) {", condition);
                read(field);
                out.reopen("} else {");
                out.line("unknownTaggedFields = reader.unknownTag(unknownTaggedFields, tag);");
                out.close("}");
            }
            out.close("}");
        }
        out.line("default -> unknownTaggedFields = reader.unknownTag(unknownTaggedFields, tag);");
        out.close("}");
        out.line("reader.leaveTag(outerLimit);");
        out.close("}");
        out.close("}");
    }
}
