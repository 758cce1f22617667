// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.config;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Keys of real configuration files that change nothing here, each with the reason. Loaded only when a file has such a
 * key, since there are many.
 *
 * <p>The resource has lines {@code = reason} followed by the names it holds for; a name that ends with {@code *} stands
 * for all that begin so.
 *
 * <p>Threading: immutable.
 */
final class IgnoredKeys {

    private final Map<String, String> reasons;
    private final Map<String, String> prefixReasons;

    private IgnoredKeys(Map<String, String> reasons, Map<String, String> prefixReasons) {
        this.reasons = Collections.unmodifiableMap(reasons);
        this.prefixReasons = prefixReasons;
    }

    static IgnoredKeys load(String resource) {
        final Map<String, String> reasons = new LinkedHashMap<>();
        final Map<String, String> prefixReasons = new LinkedHashMap<>();
        try (InputStream in = IgnoredKeys.class.getResourceAsStream(resource)) {
            if (in == null) {
                throw new IllegalStateException("resource missing: name=" + resource);
            }
            final BufferedReader reader = new BufferedReader(new InputStreamReader(in, StandardCharsets.UTF_8));
            String reason = "";
            for (String line = reader.readLine(); line != null; line = reader.readLine()) {
                if (line.startsWith("=")) {
                    reason = line.substring(1).trim();
                } else if (line.endsWith("*")) {
                    prefixReasons.put(line.substring(0, line.length() - 1), reason);
                } else if (!line.isBlank() && !line.startsWith("#")) {
                    reasons.put(line.trim(), reason);
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException("resource unreadable: name=" + resource, e);
        }
        return new IgnoredKeys(reasons, prefixReasons);
    }

    @Nullable
    String reason(String name) {
        final String reason = reasons.get(name);
        if (reason != null) {
            return reason;
        }
        for (Map.Entry<String, String> entry : prefixReasons.entrySet()) {
            if (name.startsWith(entry.getKey())) {
                return entry.getValue();
            }
        }
        return null;
    }

    Set<String> names() {
        return reasons.keySet();
    }
}
