// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.target;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * Varve's brokers, which are their own quorum or keep the state of the cluster in an ensemble.
 *
 * <p>Threading: immutable.
 */
public final class VarveCluster implements ClusterTarget {

    private final List<String> program;

    private VarveCluster(List<String> program) {
        this.program = List.copyOf(program);
    }

    /**
     * Varve with flags of the caller's choice.
     *
     * @param jar the program, {@code varve-broker.jar}
     * @param jvmFlags flags for its JVM
     * @throws IllegalArgumentException when there is no such file
     */
    public static VarveCluster ofJar(Path jar, List<String> jvmFlags) {
        return new VarveCluster(VarveTarget.programOfJar(jar, jvmFlags));
    }

    /**
     * Varve as it is started in a checkout.
     *
     * @param launcher the script, {@code varve}, which chooses the flags
     * @throws IllegalArgumentException when there is no such file
     */
    public static VarveCluster ofLauncher(Path launcher) {
        return new VarveCluster(VarveTarget.programOfLauncher(launcher));
    }

    @Override
    public String name() {
        return "Varve";
    }

    @Override
    public Map<String, String> settings(BrokerPlace self, ClusterLayout layout) {
        Map<String, String> settings = new LinkedHashMap<>();
        settings.put("node.id", String.valueOf(self.id()));
        settings.put(
                "listeners", "PLAINTEXT://127.0.0.1:" + self.clientPort() + ",BROKER://127.0.0.1:" + self.brokerPort());
        settings.put(
                "advertised.listeners",
                "PLAINTEXT://" + self.bootstrap() + ",BROKER://" + self.host() + ":" + self.brokerPort());
        settings.put("listener.security.protocol.map", "PLAINTEXT:PLAINTEXT,BROKER:PLAINTEXT");
        settings.put("inter.broker.listener.name", "BROKER");
        if (!layout.ensemble().isEmpty()) {
            settings.put("zookeeper.connect", layout.ensemble());
        } else if (layout.isVoter(self)) {
            layout.voters().forEach(voter -> settings.put("server." + voter.id(), member(voter)));
        } else {
            settings.put(
                    "zookeeper.connect",
                    layout.voters().stream()
                            .map(voter -> voter.host() + ":" + voter.treePort())
                            .collect(Collectors.joining(",")));
        }
        return settings;
    }

    private static String member(BrokerPlace voter) {
        return voter.host() + ":" + voter.peerPort() + ":" + voter.electionPort() + ";127.0.0.1:" + voter.treePort();
    }

    @Override
    public List<String> command(Path configuration) {
        List<String> command = new ArrayList<>(program);
        command.addAll(List.of("broker", configuration.toString()));
        return command;
    }

    @Override
    public Map<String, String> environment(Path configuration) {
        return Map.of("VARVE_LOG_DIR", configuration.resolveSibling("logs").toString());
    }

    @Override
    public String ready() {
        return "ready listeners=";
    }

    @Override
    public Map<String, String> sessionTimeout(int timeoutMs) {
        return Map.of("zookeeper.session.timeout.ms", String.valueOf(timeoutMs));
    }
}
