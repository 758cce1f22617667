// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.coordination.zookeeper.config;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Map.Entry;
import org.jspecify.annotations.Nullable;

/**
 * What becomes of each key that a zoo.cfg may have; read from a resource that is made to be read by people, too.
 *
 * <p>Threading: immutable.
 */
final class KnownKeys {

    /** What becomes of a key; the reason is empty for those that are read. */
    record Fate(Kind kind, String reason) {}

    enum Kind {
        READ,
        IGNORED,
        REFUSED
    }

    private static final String RESOURCE = "zoo-keys.txt";
    private static final String ALIEN_PREFIX = "zookeeper.";

    private final Map<String, Fate> byName = new LinkedHashMap<>();
    private final Map<String, Fate> byPrefix = new LinkedHashMap<>();

    private KnownKeys() {}

    static KnownKeys load() {
        try (InputStream in = KnownKeys.class.getResourceAsStream(RESOURCE)) {
            if (in == null) {
                throw new IllegalStateException("resource missing: name=" + RESOURCE);
            }
            final KnownKeys keys = new KnownKeys();
            keys.read(new BufferedReader(new InputStreamReader(in, StandardCharsets.UTF_8)));
            return keys;
        } catch (IOException e) {
            throw new UncheckedIOException("resource unreadable: name=" + RESOURCE, e);
        }
    }

    private void read(BufferedReader reader) throws IOException {
        Fate fate = new Fate(Kind.READ, "");
        for (String line = reader.readLine(); line != null; line = reader.readLine()) {
            if (line.startsWith("= ")) {
                final String[] words = line.substring(2).split(" ", 2);
                fate = new Fate(Kind.valueOf(words[0].toUpperCase(Locale.ROOT)), words.length == 2 ? words[1] : "");
            } else if (line.endsWith("*")) {
                byPrefix.put(line.substring(0, line.length() - 1), fate);
            } else if (!line.isBlank() && !line.startsWith("#")) {
                byName.put(line.trim(), fate);
            }
        }
    }

    /** Null when ZooKeeper itself would not know the key. */
    @Nullable
    Fate fate(String key) {
        final Fate own = byName.get(key);
        if (own != null) {
            return own;
        }
        for (Entry<String, Fate> prefix : byPrefix.entrySet()) {
            if (key.startsWith(prefix.getKey())) {
                return prefix.getValue();
            }
        }
        return null;
    }

    /** The key that was most likely meant, or null. */
    @Nullable
    String nearest(String key) {
        if (key.startsWith(ALIEN_PREFIX) && fate(key.substring(ALIEN_PREFIX.length())) != null) {
            return key.substring(ALIEN_PREFIX.length());
        }
        return NearestName.of(key, byName.keySet());
    }
}
