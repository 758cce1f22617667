// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.kafka.generator;

import java.util.Comparator;
import java.util.List;

/**
 * The method that writes a message or a structure.
 *
 * <p>Threading: confined to one thread.
 */
final class WriteSource {

    private final SourceWriter out;
    private final Specification type;
    private final boolean overrides;

    WriteSource(SourceWriter out, Specification type, boolean overrides) {
        this.out = out;
        this.type = type;
        this.overrides = overrides;
    }

    void method() {
        out.line("");
        if (overrides) {
            out.line("@Override");
        }
        out.open("public void write(MessageWriter writer, short version) {");
        if (overrides) {
            out.line("writer.requireVersion(this, version);");
        }
        for (Field field : type.fields()) {
            String inLine = ReadSource.untagged(field).condition(type.versions());
            String refused = refused(field);
            if (inLine.equals("true")) {
                write(field);
                continue;
            }
            if (!inLine.equals("false")) {
                out.open("if (%s) {", inLine);
                write(field);
                if (!refused.isEmpty()) {
                    out.reopen("} else if (" + refused + ") {");
                }
            } else if (!refused.isEmpty()) {
                out.open("if (%s) {", refused);
            } else {
                continue;
            }
            if (!refused.isEmpty()) {
                out.line("throw MessageWriter.notCarried(\"%s.%s\", version);", type.name(), field.name());
            }
            out.close("}");
        }
        taggedFields();
        out.close("}");
    }

    /** Java for "this version does not carry the field, and the field says something that must not be dropped". */
    private String refused(Field field) {
        String carried = field.versions().condition(type.versions());
        if (field.ignorable() || carried.equals("true")) {
            return "";
        }
        String says = "!(" + field.isDefault() + ")";
        return carried.equals("false") ? says : "!(" + carried + ") && " + says;
    }

    private void write(Field field) {
        String flexible = field.flexible().condition(type.versions());
        String nullable = field.nullable().condition(type.versions());
        if (field.isArray()) {
            array(field, flexible, nullable);
        } else if (field.isStructure()) {
            structure(field, nullable);
        } else {
            out.line("%s;", value(field.type(), field.reference(), flexible, nullable, field.mayBeNull()));
        }
    }

    private void array(Field field, String flexible, String nullable) {
        if (field.mayBeNull()) {
            out.open("if (%s == null) {", field.reference());
            out.line("writer.writeNullArray(%s, %s, \"%s\", \"%s\");", flexible, nullable, type.name(), field.name());
            out.reopen("} else {");
        }
        String element = field.elementType();
        out.line("writer.writeArrayLength(%s.size(), %s);", field.reference(), flexible);
        out.open("for (%s element : %s) {", Field.boxed(element), field.reference());
        if (Field.isStructure(element)) {
            out.line("element.write(writer, version);");
        } else {
            out.line("%s;", value(element, "element", flexible, "false", false));
        }
        out.close("}");
        if (field.mayBeNull()) {
            out.close("}");
        }
    }

    private void structure(Field field, String nullable) {
        if (!field.mayBeNull()) {
            out.line("%s.write(writer, version);", field.reference());
            return;
        }
        out.line(
                "writer.writePresence(%s != null, %s, \"%s\", \"%s\");",
                field.reference(), nullable, type.name(), field.name());
        out.open("if (%s != null) {", field.reference());
        out.line("%s.write(writer, version);", field.reference());
        out.close("}");
    }

    private String value(String fieldType, String name, String flexible, String nullable, boolean mayBeNull) {
        String call =
                switch (fieldType) {
                    case "bool" -> "writeBoolean(" + name;
                    case "int8" -> "writeByte(" + name;
                    case "int16" -> "writeShort(" + name;
                    case "uint16" -> "writeUnsignedShort(" + name;
                    case "int32" -> "writeInt(" + name;
                    case "uint32" -> "writeUnsignedInt(" + name;
                    case "int64" -> "writeLong(" + name;
                    case "float64" -> "writeDouble(" + name;
                    case "uuid" -> "writeUuid(" + name;
                    case "string" ->
                        mayBeNull
                                ? "writeNullableString(" + name + ", " + flexible + ", " + nullable + ", \""
                                        + qualified(name) + "\""
                                : "writeString(" + name + ", " + flexible;
                    case "bytes" ->
                        mayBeNull
                                ? "writeNullableBytes(" + name + ", " + flexible + ", " + nullable + ", \""
                                        + qualified(name) + "\""
                                : "writeBytes(" + name + ", " + flexible;
                    case "records" ->
                        "writeRecords(" + name + ", " + flexible + ", " + nullable + ", \"" + qualified(name) + "\"";
                    default -> throw new IllegalArgumentException("unknown type: type=" + fieldType);
                };
        return "writer." + call + ")";
    }

    private void taggedFields() {
        String flexible = type.flexible().condition(type.versions());
        if (!flexible.equals("false")) {
            out.open("%s", flexible.equals("true") ? "{" : "if (" + flexible + ") {");
            tags();
            if (flexible.equals("true")) {
                out.close("}");
                return;
            }
            out.reopen("} else if (!unknownTaggedFields.isEmpty()) {");
        } else {
            out.open("if (!unknownTaggedFields.isEmpty()) {");
        }
        out.line("throw MessageWriter.notCarried(\"%s.unknownTaggedFields\", version);", type.name());
        out.close("}");
    }

    private void tags() {
        List<Field> tagged = type.fields().stream()
                .filter(field -> !field.tagged().isEmpty())
                .sorted(Comparator.comparingInt(Field::tag))
                .toList();
        StringBuilder count = new StringBuilder("unknownTaggedFields.size()");
        for (Field field : tagged) {
            String condition = field.tagged().condition(type.versions());
            String says = "!(" + field.isDefault() + ")";
            out.line(
                    "boolean hasTag%d = %s;", field.tag(), condition.equals("true") ? says : condition + " && " + says);
            count.append(" + (hasTag").append(field.tag()).append(" ? 1 : 0)");
        }
        out.line("writer.writeUnsignedVarint(%s);", count);
        if (!tagged.isEmpty()) {
            out.line("int unknown = 0;");
        }
        for (Field field : tagged) {
            out.open("if (hasTag%d) {", field.tag());
            out.line("unknown = writer.writeUnknownTags(unknownTaggedFields, unknown, %d);", field.tag());
            out.line("int start = writer.beginTag(%d);", field.tag());
            write(field);
            out.line("writer.endTag(start);");
            out.close("}");
        }
        out.line("writer.writeUnknownTags(unknownTaggedFields, %s);", tagged.isEmpty() ? "0" : "unknown");
    }

    private String qualified(String reference) {
        return type.name() + "." + reference.substring(reference.indexOf('.') + 1);
    }
}
