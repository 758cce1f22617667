// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.system.quorum;

import io.varve.target.ApacheTarget;
import io.varve.target.Quorum;
import io.varve.target.Target;
import io.varve.target.VarveTarget;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.apache.curator.framework.CuratorFramework;
import org.apache.curator.framework.CuratorFrameworkFactory;
import org.apache.curator.retry.RetryForever;

/** The quorum that these tests aim at. */
final class TargetQuorum {

    static final Path ZOOKEEPER_JARS = Path.of("../targets/src/it/zookeeper/target/lib");

    static final int SESSION_TIMEOUT_MS = 10_000;

    private static final String TARGET = System.getProperty("varve.target", "varve");
    private static final int MEMBERS = Integer.getInteger("varve.target.members", 3);
    private static final List<String> JVM_FLAGS = List.of("-Xmx256m", "-XX:+UseSerialGC");

    /** Looks for containers and TTL nodes whose time is over every second instead of every minute. */
    private static final String REAP_OFTEN = "-Dznode.container.checkIntervalMs=1000";

    private static final int CONNECT_TIMEOUT_MS = 30_000;
    private static final int RETRY_MS = 100;

    private TargetQuorum() {}

    /** Starts it in a directory and waits until every member serves. */
    static Quorum start(Path directory) {
        return start(MEMBERS, directory);
    }

    /** As above, with settings of its own. */
    static Quorum start(Path directory, Map<String, String> settings) {
        return Quorum.start(target(), MEMBERS, directory, settings);
    }

    /** As above, with another number of members than the property says. */
    static Quorum start(int members, Path directory) {
        return Quorum.start(target(), members, directory, Map.of());
    }

    private static Target target() {
        return switch (TARGET) {
            case "apache" -> new ApacheTarget(ZOOKEEPER_JARS, with(JVM_FLAGS, REAP_OFTEN));
            case "varve" -> VarveTarget.ofJar(Path.of("target/varve-broker.jar"), JVM_FLAGS);
            default ->
                throw new IllegalArgumentException(
                        "no such target: varve.target=" + TARGET + "; there are apache and varve");
        };
    }

    private static List<String> with(List<String> flags, String more) {
        return Stream.concat(flags.stream(), Stream.of(more)).toList();
    }

    /** A client that is connected. */
    static CuratorFramework connect(Quorum quorum) throws InterruptedException {
        CuratorFramework client = CuratorFrameworkFactory.newClient(
                quorum.connectString(), SESSION_TIMEOUT_MS, CONNECT_TIMEOUT_MS, new RetryForever(RETRY_MS));
        client.start();
        client.blockUntilConnected();
        return client;
    }
}
