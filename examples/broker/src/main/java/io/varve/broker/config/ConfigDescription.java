// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.config;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The value of a key and where it came from, as DescribeConfigs tells it.
 *
 * <p>Threading: immutable.
 *
 * @param key the key
 * @param value the value in force; null when there is none
 * @param source where the value in force comes from
 * @param candidates every place that gives a value, the one in force first
 */
public record ConfigDescription(
        ConfigKey key, @Nullable String value, ConfigSource source, List<Candidate> candidates) {

    /**
     * One place that gives a value.
     *
     * <p>Threading: immutable.
     *
     * @param name the key or synonym under which the value stands there
     * @param value the text as it stands there, not converted; null when the default is no value
     * @param source the place
     */
    public record Candidate(String name, @Nullable String value, ConfigSource source) {}
}
