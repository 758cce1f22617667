// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.target;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/** A program that can be a member of a quorum: what is aimed at. */
public interface Target {

    /** What it is and in which version, for a report. */
    String name();

    /**
     * The command line that runs one member until it is killed.
     *
     * @param configuration a {@code zoo.cfg}; {@code myid} lies in the data directory that it names
     */
    List<String> command(Path configuration);

    /** What this program needs in its {@code zoo.cfg} beside what every member has. */
    default Map<String, String> settings() {
        return Map.of();
    }
}
