// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.target;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * Varve's quorum alone, as {@code varve quorum} runs it.
 *
 * <p>Threading: immutable.
 */
public final class VarveTarget implements Target {

    private final Path jar;
    private final List<String> jvmFlags;

    /**
     * @param jar the program, {@code varve-broker.jar}
     * @param jvmFlags flags for its JVM
     * @throws IllegalArgumentException when there is no such file
     */
    public VarveTarget(Path jar, List<String> jvmFlags) {
        if (!Files.isRegularFile(jar)) {
            throw new IllegalArgumentException("no program of Varve: file=" + jar + "; mvn package makes it");
        }
        this.jar = jar.toAbsolutePath();
        this.jvmFlags = List.copyOf(jvmFlags);
    }

    @Override
    public String name() {
        return "Varve";
    }

    @Override
    public List<String> command(Path configuration) {
        List<String> command = new ArrayList<>(List.of(ApacheTarget.java()));
        command.addAll(jvmFlags);
        command.addAll(List.of("-jar", jar.toString(), "quorum", configuration.toString()));
        return command;
    }

    @Override
    public Map<String, String> settings() {
        return Map.of(
                "4lw.commands.whitelist",
                "*",
                "extendedTypesEnabled",
                "true",
                "znode.container.checkIntervalMs",
                "1000");
    }
}
