// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.target;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/** A program that can be the brokers of a {@link Cluster}: what is aimed at. */
public interface ClusterTarget {

    /** What it is and in which version, for a report. */
    String name();

    /** What makes a broker one of its cluster: lines of {@code server.properties}, without {@code log.dirs}. */
    Map<String, String> settings(BrokerPlace self, ClusterLayout layout);

    /**
     * The command line that runs a broker until it is killed.
     *
     * @param configuration its {@code server.properties}
     */
    List<String> command(Path configuration);

    /** Variables that the broker's process gets beside this process's own. */
    default Map<String, String> environment(Path configuration) {
        return Map.of();
    }

    /** Does what must be done once, before a broker runs for the first time. */
    default void prepare(Path configuration) {}

    /** What a broker prints when it serves. */
    String ready();

    /** Lines that let the others go on without a broker after so many milliseconds without a word from it. */
    Map<String, String> sessionTimeout(int timeoutMs);
}
