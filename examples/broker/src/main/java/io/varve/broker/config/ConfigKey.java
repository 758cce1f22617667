// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.config;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One key of the configuration: its type, default, range and documentation.
 *
 * <p>Threading: immutable.
 */
public final class ConfigKey {

    /** How the name of a numbered key ends: any number may stand there. */
    static final String ANY_NUMBER = ".N";

    private final String name;
    private final ConfigType type;
    private final @Nullable String defaultValue;
    private final ValueRule rule;
    private final ConfigUpdate update;
    private final List<ConfigSynonym> synonyms;
    private final String meaning;
    private final String advice;
    private final @Nullable String replacement;
    private final @Nullable String noEffectReason;

    private ConfigKey(Builder builder, String meaning, String advice) {
        this.name = builder.name;
        this.type = builder.type;
        this.defaultValue = builder.defaultValue;
        this.rule = builder.rule;
        this.update = builder.update;
        this.synonyms = List.copyOf(builder.synonyms);
        this.replacement = builder.replacement;
        this.noEffectReason = builder.noEffectReason;
        this.meaning = meaning;
        this.advice = advice;
    }

    static Builder key(String name, ConfigType type, @Nullable Object defaultValue) {
        return new Builder(name, type, defaultValue == null ? null : defaultValue.toString());
    }

    /** The key's name, Kafka's where Kafka has it. */
    public String name() {
        return name;
    }

    /** True for a key that may be set many times, each with a number of its own: {@code server.N} stands for {@code server.1} and others. */
    public boolean isNumbered() {
        return name.endsWith(ANY_NUMBER);
    }

    /** How the value is read. */
    public ConfigType type() {
        return type;
    }

    /** The text used when neither this key nor a synonym is set; null when the synonyms' defaults decide or there is no value. */
    public @Nullable String defaultValue() {
        return defaultValue;
    }

    /** The range in words, completing "must be ..."; empty when every value of the type is good. */
    public String range() {
        return rule.label();
    }

    /** When a change takes effect. */
    public ConfigUpdate update() {
        return update;
    }

    /** True when the value can only be changed in the file, with a restart. */
    public boolean isReadOnly() {
        return update == ConfigUpdate.READ_ONLY;
    }

    /** The broker keys that are looked at when this one is not set, in this order. */
    public List<ConfigSynonym> synonyms() {
        return synonyms;
    }

    /** What the value decides, with its unit. */
    public String meaning() {
        return meaning;
    }

    /** When to change the value. */
    public String advice() {
        return advice;
    }

    /** The whole documentation: meaning, then advice. */
    public String doc() {
        return meaning + " " + advice;
    }

    /** The key to use instead, when this is an old name. */
    public @Nullable String replacement() {
        return replacement;
    }

    /** Why setting the key changes nothing here; null for keys that work. */
    public @Nullable String noEffectReason() {
        return noEffectReason;
    }

    /**
     * Reads and checks a value.
     *
     * @return the value as its type says
     * @throws IllegalArgumentException when the text is not of the type or not in the range, with a message completing
     *     "bad value ..."
     */
    public Object parse(String text) {
        final Object value;
        try {
            value = type.parse(text);
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException("not " + article(type.label()) + requirement(), e);
        }
        if (!rule.accepts().test(value)) {
            throw new IllegalArgumentException("must be " + rule.label());
        }
        return value;
    }

    private String requirement() {
        return rule.label().isEmpty() ? "" : ", must be " + rule.label();
    }

    private static String article(String label) {
        return (label.startsWith("int") ? "an " : "a ") + label;
    }

    @Override
    public String toString() {
        return name;
    }

    /**
     * Collects what is known of a key; {@link #doc} completes it.
     *
     * <p>Threading: confined to the class initializer that uses it.
     */
    static final class Builder {
        private final String name;
        private final ConfigType type;
        private final @Nullable String defaultValue;
        private final List<ConfigSynonym> synonyms = new ArrayList<>();
        private ValueRule rule = ValueRule.ANY;
        private ConfigUpdate update = ConfigUpdate.READ_ONLY;
        private @Nullable String replacement;
        private @Nullable String noEffectReason;

        private Builder(String name, ConfigType type, @Nullable String defaultValue) {
            this.name = name;
            this.type = type;
            this.defaultValue = defaultValue;
        }

        Builder must(ValueRule newRule) {
            this.rule = newRule;
            return this;
        }

        Builder atLeast(long least) {
            return must(ValueRule.atLeast(least));
        }

        Builder dynamic() {
            this.update = ConfigUpdate.CLUSTER_WIDE;
            return this;
        }

        Builder synonym(String otherName) {
            return synonym(otherName, 1);
        }

        Builder synonym(String otherName, long factor) {
            synonyms.add(new ConfigSynonym(otherName, factor));
            return this;
        }

        Builder replacedBy(String newName) {
            this.replacement = newName;
            return this;
        }

        Builder withoutEffect(String reason) {
            this.noEffectReason = reason;
            return this;
        }

        /** Completes the key with what it decides, in which unit, and when to change it. */
        ConfigKey doc(String meaning, String advice) {
            return new ConfigKey(this, meaning, advice);
        }
    }
}
