// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.kafka.generator;

import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Stream;

/**
 * What the generated classes rely on in one message, and the sizes that follow. A specification that breaks a rule ends the build:
 * the generator has to change first.
 *
 * <p>Threading: confined to one thread.
 */
final class Rules {

    private final Specification message;
    private final Map<String, Specification> structures = new TreeMap<>();

    Rules(Specification message) {
        this.message = message;
        for (Specification structure : message.structures()) {
            if (structures.put(structure.name(), structure) != null) {
                throw broken("structure declared twice", structure.name());
            }
        }
    }

    void check() {
        check(message);
        structures.values().forEach(this::check);
    }

    private void check(Specification type) {
        Set<Integer> tags = new LinkedHashSet<>();
        for (Field field : type.fields()) {
            String name = type.name() + "." + field.name();
            if (field.isArray() && leastBytes(field.elementType()) < 1) {
                // A count is bounded by the bytes that remain, so an element must take some.
                throw broken("array of elements without bytes", name);
            }
            if (field.tagged().isEmpty()) {
                continue;
            }
            if (!tags.add(field.tag()) || field.tag() < 0) {
                throw broken("tag missing or given twice", name);
            }
            if (!type.flexible().contains(field.tagged())) {
                throw broken("tagged where the message is not flexible", name);
            }
            if (holdsRecords(field)) {
                // The content of a tagged field is moved once its size is known; records are not there to be moved.
                throw broken("records in a tagged field", name);
            }
        }
    }

    /** Whether a structure occurs as a field of its own, and is therefore compared with its default. */
    boolean isComparedWithDefault(String structure) {
        return fieldsOfAll().anyMatch(field -> field.type().equals(structure));
    }

    /** The fewest bytes that a value of this type takes in any version. */
    int leastBytes(String type) {
        return switch (type) {
            case "int16", "uint16" -> 2;
            case "int32", "uint32" -> 4;
            case "int64", "float64" -> 8;
            case "uuid" -> 16;
            default -> Field.isStructure(type) ? leastBytes(structure(type)) : 1;
        };
    }

    private int leastBytes(Specification type) {
        int least = Integer.MAX_VALUE;
        for (int version = type.versions().lowest(); version <= type.versions().highest(); version++) {
            Versions only = new Versions(version, version);
            boolean flexible = type.flexible().contains(only);
            int bytes = flexible ? 1 : 0;
            for (Field field : type.fields()) {
                if (ReadSource.untagged(field).contains(only)) {
                    bytes += leastBytes(field, only, flexible);
                }
            }
            least = Math.min(least, bytes);
        }
        return least;
    }

    private int leastBytes(Field field, Versions version, boolean flexible) {
        if (field.isArray()) {
            return flexible ? 1 : 4;
        }
        if (field.isStructure() && field.nullable().contains(version)) {
            return 1;
        }
        return leastBytes(field.type());
    }

    private boolean holdsRecords(Field field) {
        String type = field.isArray() ? field.elementType() : field.type();
        return type.equals("records")
                || (Field.isStructure(type) && structure(type).fields().stream().anyMatch(this::holdsRecords));
    }

    private Specification structure(String name) {
        Specification structure = structures.get(name);
        if (structure == null) {
            throw broken("unknown structure", name);
        }
        return structure;
    }

    private Stream<Field> fieldsOfAll() {
        return Stream.concat(
                message.fields().stream(),
                structures.values().stream().flatMap(structure -> structure.fields().stream()));
    }

    private IllegalStateException broken(String rule, String where) {
        return new IllegalStateException(rule + ": message=" + message.name() + ", at=" + where);
    }
}
