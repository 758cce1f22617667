// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.target;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * Apache ZooKeeper's server.
 *
 * <p>Threading: immutable.
 */
public final class ApacheTarget implements Target {

    private static final String SERVER = "org.apache.zookeeper.server.quorum.QuorumPeerMain";

    private final Path jars;
    private final List<String> jvmFlags;

    /**
     * @param jars the directory with the jars of the server
     * @param jvmFlags flags for its JVM
     * @throws IllegalArgumentException when there is no such directory
     */
    public ApacheTarget(Path jars, List<String> jvmFlags) {
        if (!Files.isDirectory(jars)) {
            throw new IllegalArgumentException("no jars of Apache ZooKeeper: directory=" + jars
                    + "; mvn verify in examples/targets/src/it/zookeeper gathers them");
        }
        this.jars = jars.toAbsolutePath();
        this.jvmFlags = List.copyOf(jvmFlags);
    }

    @Override
    public String name() {
        return "Apache ZooKeeper 3.9.5";
    }

    @Override
    public List<String> command(Path configuration) {
        List<String> command = new ArrayList<>(List.of(java()));
        command.addAll(jvmFlags);
        command.addAll(List.of(
                "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn", "-cp", jars + "/*", SERVER, configuration.toString()));
        return command;
    }

    @Override
    public Map<String, String> settings() {
        return Map.of("admin.enableServer", "false", "4lw.commands.whitelist", "*", "extendedTypesEnabled", "true");
    }

    /** The java of this process, as Varve's members have it. */
    static String java() {
        return Path.of(System.getProperty("java.home"), "bin", "java").toString();
    }
}
