// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.config;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Typed, checked values of a broker or of a topic: what is set, then what a synonym sets, then the default.
 *
 * <p>Every value was checked when it came in, so that reading one cannot fail; asking for a key that the registry does
 * not have, or with the wrong type, is the program's error.
 *
 * <p>Threading: immutable.
 */
public final class ConfigValues {

    private final ConfigRegistry registry;
    private final List<Layer> layers;
    private final Map<String, Origin> origins;
    private final List<String> warnings;

    /** Values from one place, by the names of the broker or, for a topic's own values, of the topic. */
    private record Layer(ConfigSource source, Map<String, String> values) {}

    private ConfigValues(
            ConfigRegistry registry, List<Layer> layers, Map<String, Origin> origins, List<String> warnings) {
        this.registry = registry;
        this.layers = List.copyOf(layers);
        this.origins = origins;
        this.warnings = warnings;
    }

    /**
     * Reads and checks a broker's file and overrides.
     *
     * @param file a server.properties file, or null for none
     * @param overrides settings of the form {@code key=value} that go before the file
     * @throws ConfigException when something is wrong with them
     */
    public static ConfigValues load(@Nullable Path file, List<String> overrides) {
        return check(ServerProperties.read(file, overrides).settings());
    }

    /**
     * Checks a broker's settings given by a program.
     *
     * @throws ConfigException when a key is unknown or a value is wrong
     */
    public static ConfigValues of(Map<String, String> settings) {
        final List<Setting> list = new ArrayList<>();
        settings.forEach((name, value) -> list.add(new Setting(name, value, Origin.COMMAND_LINE)));
        return check(list);
    }

    private static ConfigValues check(Collection<Setting> settings) {
        final ConfigRegistry registry = ConfigRegistry.broker();
        final Map<String, String> values = new LinkedHashMap<>();
        final Map<String, Origin> origins = new LinkedHashMap<>();
        final List<String> warnings = new ArrayList<>();
        final boolean tolerant = settings.stream()
                .anyMatch(setting -> setting.name().equals("config.unknown")
                        && setting.value().trim().equals("warn"));
        for (Setting setting : settings) {
            final ConfigKey key = registry.find(setting.name());
            final String ignoredReason = registry.ignoredReason(setting.name());
            if (ignoredReason != null) {
                warnings.add(setting.origin() + ": " + setting.name() + " has no effect: " + ignoredReason);
            }
            if (key != null) {
                checkName(key, setting);
                checkValue(key, setting);
                values.put(setting.name(), setting.value().trim());
                origins.put(setting.name(), setting.origin());
            } else if (ignoredReason == null) {
                final ConfigException unknown = ConfigException.unknownKey(setting, registry.nearest(setting.name()));
                if (!tolerant) {
                    throw unknown;
                }
                warnings.add(String.valueOf(unknown.getMessage()));
            }
        }
        final ConfigValues checked = new ConfigValues(
                registry, List.of(new Layer(ConfigSource.STATIC_BROKER, values)), origins, List.copyOf(warnings));
        checked.checkTogether();
        return checked;
    }

    private static void checkName(ConfigKey key, Setting setting) {
        if (key.isNumbered() && key.name().equals(setting.name())) {
            throw ConfigException.unknownKey(setting, key.name().replace(ConfigKey.ANY_NUMBER, ".1"));
        }
    }

    private static void checkValue(ConfigKey key, Setting setting) {
        try {
            key.parse(setting.value());
        } catch (IllegalArgumentException e) {
            throw ConfigException.badValue(setting, String.valueOf(e.getMessage()));
        }
    }

    private void checkTogether() {
        advertisedListeners();
        CoordinationKeys.checkTogether(this);
        if (intValue("group.min.session.timeout.ms") > intValue("group.max.session.timeout.ms")) {
            throw conflict("group.min.session.timeout.ms", "must not be above group.max.session.timeout.ms");
        }
        if (isSet("node.id") && isSet("broker.id") && intValue("node.id") != Integer.parseInt(raw("broker.id"))) {
            throw conflict("node.id", "contradicts broker.id=" + raw("broker.id"));
        }
        if (intValue("replica.fetch.wait.max.ms") > intValue("replica.socket.timeout.ms")) {
            throw conflict("replica.fetch.wait.max.ms", "must not be above replica.socket.timeout.ms");
        }
        if (isSet("inter.broker.listener.name")) {
            final String name = stringValue("inter.broker.listener.name");
            if (listeners().stream().noneMatch(listener -> listener.name().equalsIgnoreCase(name))) {
                throw conflict("inter.broker.listener.name", name + " is not among the listeners");
            }
        }
    }

    /**
     * These values of a broker with those that were set while it runs. What is unknown or no longer valid is left out,
     * since a broker must not fail to start for it.
     *
     * @param defaults set for all brokers
     * @param own set for this broker, going before them
     */
    public ConfigValues withDynamic(Map<String, String> defaults, Map<String, String> own) {
        final List<Layer> all = new ArrayList<>();
        all.add(new Layer(ConfigSource.DYNAMIC_BROKER, valid(registry, own)));
        all.add(new Layer(ConfigSource.DYNAMIC_DEFAULT_BROKER, valid(registry, defaults)));
        for (Layer layer : layers) {
            if (layer.source == ConfigSource.STATIC_BROKER) {
                all.add(layer);
            }
        }
        return new ConfigValues(registry, all, origins, warnings);
    }

    /**
     * The values of a topic on this broker: its own, then the broker's synonyms. What is unknown or no longer valid is
     * left out.
     *
     * @param own set for the topic, by the names of topic keys
     */
    public ConfigValues forTopic(Map<String, String> own) {
        final List<Layer> all = new ArrayList<>();
        all.add(new Layer(ConfigSource.DYNAMIC_TOPIC, valid(ConfigRegistry.topic(), own)));
        all.addAll(layers);
        return new ConfigValues(ConfigRegistry.topic(), all, origins, warnings);
    }

    private static Map<String, String> valid(ConfigRegistry registry, Map<String, String> values) {
        final Map<String, String> valid = new LinkedHashMap<>();
        values.forEach((name, value) -> {
            final ConfigKey key = registry.find(name);
            if (key != null && isValid(key, value)) {
                valid.put(name, value.trim());
            }
        });
        return valid;
    }

    private static boolean isValid(ConfigKey key, String value) {
        try {
            key.parse(value);
            return true;
        } catch (IllegalArgumentException e) {
            return false;
        }
    }

    /** The keys these values are for. */
    public ConfigRegistry registry() {
        return registry;
    }

    /** One line for each setting that was accepted although it changes nothing. */
    public List<String> warnings() {
        return warnings;
    }

    /** Where the broker's key was written, or null when it was not. */
    public @Nullable Origin origin(String name) {
        return origins.get(name);
    }

    /** True when the key itself, not a synonym, has a value that is not the default. */
    public boolean isSet(String name) {
        return layers.stream().anyMatch(layer -> ownName(layer, registry.key(name)) && layer.values.containsKey(name));
    }

    /** True when the key has a value, be it set or a default. */
    public boolean hasValue(String name) {
        return describe(name).value() != null;
    }

    /** A value of a boolean key. */
    public boolean booleanValue(String name) {
        return (Boolean) value(name);
    }

    /** A value of an int or short key. */
    public int intValue(String name) {
        return ((Number) value(name)).intValue();
    }

    /** A value of an int, short or long key. */
    public long longValue(String name) {
        return ((Number) value(name)).longValue();
    }

    /** A value of a double key. */
    public double doubleValue(String name) {
        return ((Number) value(name)).doubleValue();
    }

    /** A value of a string key. */
    public String stringValue(String name) {
        return (String) value(name);
    }

    /** A value of a list key, unmodifiable. */
    public List<String> listValue(String name) {
        final List<String> list = new ArrayList<>();
        ((List<?>) value(name)).forEach(element -> list.add((String) element));
        return List.copyOf(list);
    }

    /**
     * The values of a numbered key by their numbers.
     *
     * @param name the key's own name, as {@code server.N}
     */
    public SortedMap<Integer, String> numberedValues(String name) {
        final ConfigKey key = registry.key(name);
        final SortedMap<Integer, String> numbered = new TreeMap<>();
        for (Layer layer : layers) {
            layer.values.forEach((set, value) -> {
                if (key.isNumbered() && key.equals(registry.find(set))) {
                    numbered.putIfAbsent(Integer.valueOf(set.substring(set.lastIndexOf('.') + 1)), value);
                }
            });
        }
        return numbered;
    }

    /** The log directories. */
    public List<Path> logDirectories() {
        return listValue("log.dirs").stream().map(Path::of).toList();
    }

    /** The addresses to listen on, without those of a KRaft controller. */
    public List<ListenerSpec> listeners() {
        return new ListenerSpecs(this).listeners();
    }

    /** The addresses to tell to clients; port 0 stands for the port that the listener of the same name got. */
    public List<ListenerSpec> advertisedListeners() {
        return new ListenerSpecs(this).advertised();
    }

    /** The name of the listener on which brokers reach each other. */
    public String interBrokerListener() {
        return isSet("inter.broker.listener.name")
                ? stringValue("inter.broker.listener.name").toUpperCase(Locale.ROOT)
                : listeners().get(0).name();
    }

    /** The value of a key with all the places that give one. */
    public ConfigDescription describe(String name) {
        final ConfigKey key = registry.key(name);
        final List<ConfigDescription.Candidate> candidates = new ArrayList<>();
        String value = null;
        for (Layer layer : layers) {
            final String own = ownName(layer, key) ? layer.values.get(name) : null;
            if (own != null) {
                value = value == null ? own : value;
                candidates.add(new ConfigDescription.Candidate(name, own, layer.source));
            }
            if (layer.source != ConfigSource.DYNAMIC_TOPIC) {
                for (ConfigSynonym synonym : key.synonyms()) {
                    final String other = layer.values.get(synonym.name());
                    if (other != null) {
                        value = value == null ? synonym.convert(other) : value;
                        candidates.add(new ConfigDescription.Candidate(synonym.name(), other, layer.source));
                    }
                }
            }
        }
        final String defaultValue = defaultValue(key);
        if (defaultValue != null || candidates.isEmpty()) {
            candidates.add(new ConfigDescription.Candidate(name, defaultValue, ConfigSource.DEFAULT));
        }
        return new ConfigDescription(
                key, value == null ? defaultValue : value, candidates.get(0).source(), List.copyOf(candidates));
    }

    /** A topic's own layer knows topic keys; the layers below it know broker keys. */
    private boolean ownName(Layer layer, ConfigKey key) {
        return (registry == ConfigRegistry.topic()) == (layer.source == ConfigSource.DYNAMIC_TOPIC)
                && registry.find(key.name()) != null;
    }

    private static @Nullable String defaultValue(ConfigKey key) {
        if (key.defaultValue() != null) {
            return key.defaultValue();
        }
        for (ConfigSynonym synonym : key.synonyms()) {
            final String value = ConfigRegistry.broker().key(synonym.name()).defaultValue();
            if (value != null) {
                return synonym.convert(value);
            }
        }
        return null;
    }

    private Object value(String name) {
        final String text = describe(name).value();
        if (text == null) {
            throw new IllegalStateException("no value: key=" + name);
        }
        return registry.key(name).parse(text);
    }

    private String raw(String name) {
        return String.valueOf(describe(name).value());
    }

    ConfigException conflict(String key, String problem) {
        return ConfigException.conflict(origins.get(key), key, problem);
    }
}
