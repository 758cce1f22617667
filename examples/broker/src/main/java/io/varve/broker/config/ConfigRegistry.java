// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.config;

import io.varve.coordination.zookeeper.config.NearestName;
import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * All keys of one scope, broker or topic. Validation, defaults, documentation and explanation come from it.
 *
 * <p>Threading: immutable.
 */
public final class ConfigRegistry {

    private static final ConfigRegistry BROKER = new ConfigRegistry(
            List.of(ClusterKeys.ALL, CoordinationKeys.ALL, NetworkKeys.ALL, LogKeys.ALL), "no-effect-broker.txt");
    private static final ConfigRegistry TOPIC = new ConfigRegistry(List.of(TopicKeys.ALL), "no-effect-topic.txt");

    private static final Pattern NUMBER = Pattern.compile("\\.(0|[1-9]\\d{0,8})$");

    private final Map<String, ConfigKey> keys;
    private final String ignoredResource;
    private volatile @Nullable IgnoredKeys ignored;

    private ConfigRegistry(List<List<ConfigKey>> groups, String ignoredResource) {
        final Map<String, ConfigKey> byName = new LinkedHashMap<>();
        for (List<ConfigKey> group : groups) {
            for (ConfigKey key : group) {
                if (byName.put(key.name(), key) != null) {
                    throw new IllegalStateException("key registered twice: name=" + key.name());
                }
            }
        }
        this.keys = Collections.unmodifiableMap(byName);
        this.ignoredResource = ignoredResource;
    }

    /** The keys of the broker, as in server.properties. */
    public static ConfigRegistry broker() {
        return BROKER;
    }

    /** The keys of a topic. */
    public static ConfigRegistry topic() {
        return TOPIC;
    }

    /** All keys, grouped by what they are about. */
    public Collection<ConfigKey> keys() {
        return keys.values();
    }

    /**
     * The key of that name, or null when there is none; keys of {@link #ignoredReason} are not among them. A numbered key is found by its
     * own name, as {@code server.N}, and by those with a number, as {@code server.1}.
     */
    public @Nullable ConfigKey find(String name) {
        final ConfigKey key = keys.get(name);
        return key != null ? key : keys.get(NUMBER.matcher(name).replaceFirst(ConfigKey.ANY_NUMBER));
    }

    /**
     * The key of that name, for callers that know it exists.
     *
     * @throws IllegalArgumentException when there is no such key
     */
    public ConfigKey key(String name) {
        final ConfigKey key = find(name);
        if (key == null) {
            throw new IllegalArgumentException("no such key: name=" + name);
        }
        return key;
    }

    /** Why a key that Kafka knows changes nothing here, or null when the key works or is unknown. */
    public @Nullable String ignoredReason(String name) {
        final ConfigKey key = find(name);
        return key != null ? key.noEffectReason() : ignored().reason(name);
    }

    /** The known name that is most like the given one, or null when none is like it. */
    public @Nullable String nearest(String name) {
        final String own = NearestName.of(name, keys.keySet());
        final String other = NearestName.of(name, ignored().names());
        if (own == null || other == null) {
            return own == null ? other : own;
        }
        return NearestName.distance(name, other) < NearestName.distance(name, own) ? other : own;
    }

    private IgnoredKeys ignored() {
        IgnoredKeys loaded = ignored;
        if (loaded == null) {
            loaded = IgnoredKeys.load(ignoredResource);
            ignored = loaded;
        }
        return loaded;
    }
}
