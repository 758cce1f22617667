// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.target;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.stream.Collectors;

/**
 * Apache Kafka's brokers; those that the cluster begins with are its controllers too.
 *
 * <p>Threading: immutable.
 */
public final class KafkaCluster implements ClusterTarget {

    /** What Kafka's own start script gives to the JVM. */
    public static final List<String> SCRIPT_FLAGS = List.of(
            "-Xmx1G",
            "-Xms1G",
            "-server",
            "-XX:+UseG1GC",
            "-XX:MaxGCPauseMillis=20",
            "-XX:InitiatingHeapOccupancyPercent=35",
            "-XX:+ExplicitGCInvokesConcurrent",
            "-Djava.awt.headless=true");

    private static final int MAX_REPLICAS = 3;

    /** In the time of a session, as by default. */
    private static final int HEARTBEATS = 4;

    private static final String LOGGING =
            """
            status=error
            rootLogger.level=info
            rootLogger.appenderRef.out.ref=out
            appender.out.type=Console
            appender.out.name=out
            appender.out.layout.type=PatternLayout
            appender.out.layout.pattern=[%d] %p %m (%c)%n
            """;

    private final Path jars;
    private final List<String> jvmFlags;
    private final String clusterId = randomId();

    /**
     * A cluster with an id of its own.
     *
     * @param jars the directory with the jars of the broker
     * @param jvmFlags flags for its JVM
     * @throws IllegalArgumentException when there is no such directory
     */
    public KafkaCluster(Path jars, List<String> jvmFlags) {
        if (!Files.isDirectory(jars)) {
            throw new IllegalArgumentException("no jars of Apache Kafka: directory=" + jars
                    + "; mvn verify in examples/broker/src/it/kafka-tools gathers them");
        }
        this.jars = jars.toAbsolutePath();
        this.jvmFlags = List.copyOf(jvmFlags);
    }

    private static String randomId() {
        UUID id = UUID.randomUUID();
        byte[] bytes = ByteBuffer.allocate(Long.BYTES * 2)
                .putLong(id.getMostSignificantBits())
                .putLong(id.getLeastSignificantBits())
                .array();
        return Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
    }

    @Override
    public String name() {
        return "Apache Kafka 4.3.1";
    }

    @Override
    public Map<String, String> settings(BrokerPlace self, ClusterLayout layout) {
        if (!layout.ensemble().isEmpty()) {
            throw new IllegalArgumentException("Apache Kafka keeps its state itself: ensemble=" + layout.ensemble());
        }
        boolean isController = layout.isVoter(self);
        String replicas = String.valueOf(Math.min(MAX_REPLICAS, layout.voters().size()));
        Map<String, String> settings = new LinkedHashMap<>();
        settings.put("process.roles", isController ? "broker,controller" : "broker");
        settings.put("node.id", String.valueOf(self.id()));
        settings.put(
                "controller.quorum.voters",
                layout.voters().stream()
                        .map(voter -> voter.id() + "@" + voter.host() + ":" + voter.peerPort())
                        .collect(Collectors.joining(",")));
        settings.put(
                "listeners",
                "PLAINTEXT://127.0.0.1:" + self.clientPort() + ",BROKER://127.0.0.1:" + self.brokerPort()
                        + (isController ? ",CONTROLLER://127.0.0.1:" + self.peerPort() : ""));
        settings.put(
                "advertised.listeners",
                "PLAINTEXT://" + self.bootstrap() + ",BROKER://" + self.host() + ":" + self.brokerPort()
                        + (isController ? ",CONTROLLER://" + self.host() + ":" + self.peerPort() : ""));
        settings.put("listener.security.protocol.map", "PLAINTEXT:PLAINTEXT,BROKER:PLAINTEXT,CONTROLLER:PLAINTEXT");
        settings.put("inter.broker.listener.name", "BROKER");
        settings.put("controller.listener.names", "CONTROLLER");
        settings.put("offsets.topic.replication.factor", replicas);
        return settings;
    }

    @Override
    public List<String> command(Path configuration) {
        return command(configuration, jvmFlags, "kafka.Kafka", configuration.toString());
    }

    private List<String> command(Path configuration, List<String> flags, String mainClass, String... arguments) {
        List<String> command = new ArrayList<>(List.of(ApacheTarget.java()));
        command.addAll(flags);
        command.addAll(List.of("-Dlog4j2.configurationFile=" + logging(configuration), "-cp", jars + "/*", mainClass));
        command.addAll(List.of(arguments));
        return command;
    }

    private static Path logging(Path configuration) {
        return configuration.resolveSibling("log4j2.properties");
    }

    @Override
    public void prepare(Path configuration) {
        List<String> flags = List.of("-Xmx128m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1");
        try {
            Files.writeString(logging(configuration), LOGGING);
            Path output = configuration.resolveSibling("format.txt");
            int exitCode = new ProcessBuilder(command(
                            configuration,
                            flags,
                            "kafka.tools.StorageTool",
                            "format",
                            "-t",
                            clusterId,
                            "-c",
                            configuration.toString()))
                    .redirectErrorStream(true)
                    .redirectOutput(output.toFile())
                    .start()
                    .waitFor();
            if (exitCode != 0) {
                throw new IllegalStateException("Kafka does not format its directory: configuration=" + configuration
                        + ", printed=" + Files.readString(output));
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            throw new IllegalStateException("interrupted while a directory is formatted", e);
        }
    }

    @Override
    public String ready() {
        return "Kafka Server started";
    }

    @Override
    public Map<String, String> sessionTimeout(int timeoutMs) {
        return Map.of(
                "broker.session.timeout.ms",
                String.valueOf(timeoutMs),
                "broker.heartbeat.interval.ms",
                String.valueOf(timeoutMs / HEARTBEATS));
    }
}
