// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.kafka.generator;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;

/**
 * The Java source of one message.
 *
 * <p>Threading: confined to one thread.
 */
final class MessageSource {

    static final String PACKAGE = "io.varve.kafka.message";

    private final Specification message;
    private final Rules rules;
    private final SourceWriter out = new SourceWriter();

    MessageSource(Specification message) {
        this.message = message;
        this.rules = new Rules(message);
    }

    String text() {
        rules.check();
        out.line("package %s;", PACKAGE);
        out.line("");
        for (String imported : List.of(
                "io.varve.kafka.ApiMessage",
                "io.varve.kafka.MessageReader",
                "io.varve.kafka.MessageWriter",
                "io.varve.kafka.RecordBytes",
                "io.varve.kafka.TaggedField",
                "java.nio.ByteBuffer",
                "java.util.ArrayList",
                "java.util.List",
                "java.util.Objects",
                "java.util.UUID",
                "org.jspecify.annotations.Nullable")) {
            out.line("import %s;", imported);
        }
        out.line("");
        out.line(
                "/** %s of Kafka's protocol, versions %s. Threading: confined to one thread. */",
                message.name(), range());
        out.open("public final class %s implements ApiMessage {", message.name());
        body(message, true);
        range("oldestVersion", message.versions().lowest());
        range("latestVersion", message.versions().highest());
        for (Specification structure : message.structures()) {
            out.line("");
            out.line("/** Part of {@link %s}. Threading: confined to one thread. */", message.name());
            out.open("public static final class %s {", structure.name());
            body(structure, false);
            out.close("}");
        }
        out.close("}");
        return out.text();
    }

    private String range() {
        return message.versions().lowest() + " to " + message.versions().highest();
    }

    private void range(String method, int version) {
        out.line("");
        out.line("@Override");
        out.open("public short %s() {", method);
        out.line("return %d;", version);
        out.close("}");
    }

    private void body(Specification type, boolean isMessage) {
        if (rules.isComparedWithDefault(type.name())) {
            out.line("private static final %1$s DEFAULT = new %1$s();", type.name());
            out.line("");
        }
        for (Field field : type.fields()) {
            out.line("private %s %s = %s;", annotated(field), field.name(), field.javaDefault());
        }
        out.line("private List<TaggedField> unknownTaggedFields = List.of();");
        for (Field field : type.fields()) {
            accessors(type, field);
        }
        out.line("");
        out.line("/** Tagged fields that the specification does not know, in the order of their tags. */");
        out.open("public List<TaggedField> unknownTaggedFields() {");
        out.line("return unknownTaggedFields;");
        out.close("}");
        out.line("");
        out.open("public %s unknownTaggedFields(List<TaggedField> fields) {", type.name());
        out.line("unknownTaggedFields = fields;");
        out.line("return this;");
        out.close("}");
        new ReadSource(out, rules, type, isMessage).method();
        new WriteSource(out, type, isMessage).method();
        equality(type);
    }

    private static String annotated(Field field) {
        if (!field.mayBeNull()) {
            return field.javaType();
        }
        return "@Nullable " + field.javaType();
    }

    private void accessors(Specification type, Field field) {
        out.line("");
        if (!field.about().isEmpty()) {
            out.line("/** %s */", field.about());
        }
        out.open("public %s %s() {", annotated(field), field.name());
        out.line("return %s;", field.reference());
        out.close("}");
        out.line("");
        out.open("public %s %s(%s value) {", type.name(), field.name(), annotated(field));
        out.line("%s = value;", field.reference());
        out.line("return this;");
        out.close("}");
    }

    private void equality(Specification type) {
        List<String> equal = new ArrayList<>();
        for (Field field : type.fields()) {
            equal.add(
                    field.isPrimitive()
                            ? String.format("this.%1$s == that.%1$s", field.name())
                            : String.format("Objects.equals(this.%1$s, that.%1$s)", field.name()));
        }
        equal.add("unknownTaggedFields.equals(that.unknownTaggedFields)");
        out.line("");
        out.line("@Override");
        out.open("public boolean equals(@Nullable Object other) {");
        out.line("return other instanceof %s that", type.name());
        for (int i = 0; i < equal.size(); i++) {
            out.line("        && %s%s", equal.get(i), i == equal.size() - 1 ? ";" : "");
        }
        out.close("}");
        String names = type.fields().stream().map(Field::reference).collect(Collectors.joining(", "));
        out.line("");
        out.line("@Override");
        out.open("public int hashCode() {");
        out.line("return Objects.hash(%s);", names.isEmpty() ? "0" : names);
        out.close("}");
        out.line("");
        out.line("@Override");
        out.open("public String toString() {");
        String text = type.fields().stream()
                .map(field -> String.format("\"%1$s=\" + this.%1$s", field.name()))
                .collect(Collectors.joining(" + \", \" + "));
        out.line("return \"%s(\" + %s + \")\";", type.name(), text.isEmpty() ? "\"\"" : text);
        out.close("}");
    }

    /** Name of the constant of an API: {@code ListOffsetsRequest} is {@code LIST_OFFSETS}. */
    static String constant(String messageName) {
        return messageName
                .replaceAll("(Request|Response)$", "")
                .replaceAll("(?<=[a-z0-9])(?=[A-Z])", "_")
                .toUpperCase(Locale.ROOT);
    }
}
