// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.controller;

import io.varve.broker.config.ConfigKey;
import io.varve.broker.config.ConfigRegistry;
import io.varve.broker.config.ConfigType;
import io.varve.broker.request.ErrorCode;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** Decides what a change of a configuration comes to. Pure. */
public final class ConfigPlan {

    private ConfigPlan() {}

    /** What is done to one key (KIP-339). */
    public enum Operation {
        SET,
        DELETE,
        APPEND,
        SUBTRACT
    }

    /**
     * One change.
     *
     * @param value null for a deletion
     */
    public record Change(String name, Operation operation, @Nullable String value) {}

    /**
     * The configuration after the changes.
     *
     * @param before what was set
     * @param inForce the value in force of a list that is added to or taken from
     */
    static Map<String, String> apply(
            ConfigRegistry registry,
            Map<String, String> before,
            List<Change> changes,
            Function<String, @Nullable String> inForce) {
        Map<String, String> after = new TreeMap<>(before);
        Map<String, Change> seen = new LinkedHashMap<>();
        for (Change change : changes) {
            if (seen.put(change.name(), change) != null) {
                throw TopicPlan.refused(ErrorCode.INVALID_REQUEST, "Key occurs twice: " + change.name());
            }
            if (change.operation() == Operation.DELETE) {
                after.remove(change.name());
                continue;
            }
            ConfigKey key = key(registry, change.name());
            String value = value(key, change, Objects.requireNonNullElse(after.get(key.name()), ""), inForce);
            TopicPlan.requireValue(key, value);
            after.put(key.name(), value);
        }
        return after;
    }

    private static ConfigKey key(ConfigRegistry registry, String name) {
        ConfigKey key = registry.find(name);
        if (key == null) {
            String nearest = registry.nearest(name);
            throw TopicPlan.refused(
                    ErrorCode.INVALID_CONFIG,
                    "Unknown config name: " + name + (nearest == null ? "" : "; the nearest known name is " + nearest));
        }
        if (registry == ConfigRegistry.broker() && key.isReadOnly()) {
            throw TopicPlan.refused(
                    ErrorCode.INVALID_REQUEST,
                    "Cannot update these configs dynamically: " + name + "; set it in server.properties and restart");
        }
        return key;
    }

    private static String value(ConfigKey key, Change change, String set, Function<String, @Nullable String> inForce) {
        String given = change.value();
        if (given == null) {
            throw TopicPlan.refused(ErrorCode.INVALID_REQUEST, "No value for " + key.name());
        }
        if (change.operation() == Operation.SET) {
            return given;
        }
        if (key.type() != ConfigType.LIST) {
            throw TopicPlan.refused(
                    ErrorCode.INVALID_CONFIG,
                    change.operation() + " is not possible for " + key.name() + ": it is no list");
        }
        String current = set.isEmpty() ? Objects.requireNonNullElse(inForce.apply(key.name()), "") : set;
        List<String> elements = new ArrayList<>(List.of(current.split("\\s*,\\s*", -1)));
        elements.removeIf(String::isEmpty);
        for (String element : given.split("\\s*,\\s*", -1)) {
            elements.remove(element);
            if (change.operation() == Operation.APPEND) {
                elements.add(element);
            }
        }
        return String.join(",", elements);
    }
}
