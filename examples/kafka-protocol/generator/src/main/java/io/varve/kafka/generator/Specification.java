// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.kafka.generator;

import java.util.ArrayList;
import java.util.List;
import tools.jackson.databind.JsonNode;

/**
 * A message or a structure inside one, as its specification says.
 *
 * <p>Threading: immutable.
 *
 * @param name name of the class
 * @param versions versions in which it exists
 * @param flexible versions with compact lengths and tagged fields
 * @param fields its fields
 * @param structures the structures that are declared inside it, at any depth; empty for a structure
 */
record Specification(
        String name, Versions versions, Versions flexible, List<Field> fields, List<Specification> structures) {

    static Specification parse(JsonNode json) {
        Versions valid = Versions.parse(json.path("validVersions").asString("none"));
        Versions flexible = Versions.parse(json.path("flexibleVersions").asString("none"));
        List<Specification> structures = new ArrayList<>();
        for (JsonNode common : json.path("commonStructs")) {
            structures.add(structure(common, valid, flexible, structures));
        }
        List<Field> fields = fields(json, valid, flexible, structures);
        return new Specification(json.path("name").asString(), valid, flexible, fields, structures);
    }

    private static Specification structure(
            JsonNode json, Versions valid, Versions flexible, List<Specification> structures) {
        Versions versions = Versions.parse(json.path("versions").asString()).intersect(valid);
        List<Field> fields = fields(json, versions, flexible, structures);
        return new Specification(json.path("name").asString(), versions, flexible, fields, List.of());
    }

    private static List<Field> fields(
            JsonNode json, Versions valid, Versions flexible, List<Specification> structures) {
        List<Field> fields = new ArrayList<>();
        for (JsonNode node : json.path("fields")) {
            Field field = Field.parse(node, valid, flexible);
            fields.add(field);
            if (node.has("fields")) {
                String name = field.isArray() ? field.elementType() : field.type();
                Specification inner = new Specification(
                        name,
                        field.versions(),
                        flexible,
                        fields(node, field.versions(), flexible, structures),
                        List.of());
                structures.add(inner);
            }
        }
        return fields;
    }
}
