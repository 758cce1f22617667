// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.compare.cluster;

import io.varve.compare.Turns;
import io.varve.target.ClusterTarget;
import io.varve.target.KafkaCluster;
import io.varve.target.VarveCluster;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Runs clusters of three brokers in turns and prints a table; see {@code benchmarks/compare/cluster.sh}. */
@Command(
        name = "cluster.sh",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        description = "Runs clusters of three brokers in turns, the same load on each, and prints a table.")
public final class CompareClusters implements Callable<Integer> {

    @Option(
            names = "--targets",
            split = ",",
            description = "kafka, varve; one may come twice (default: ${DEFAULT-VALUE})")
    private List<String> targets = List.of("kafka", "varve");

    @Option(names = "--rounds", description = "turns of each target (default: ${DEFAULT-VALUE})")
    private int rounds = 3;

    @Option(names = "--warm-up-ms", description = "of each load, not measured (default: ${DEFAULT-VALUE})")
    private long warmUpMs = 10_000;

    @Option(names = "--measure-ms", description = "of each load (default: ${DEFAULT-VALUE})")
    private long measureMs = 10_000;

    @Option(names = "--idle-ms", description = "without load (default: ${DEFAULT-VALUE})")
    private long idleMs = 10_000;

    @Option(names = "--kills", description = "of a leader in each turn (default: ${DEFAULT-VALUE})")
    private int kills = 2;

    @Option(names = "--partitions", description = "of the topic with many, 0 for none (default: ${DEFAULT-VALUE})")
    private int partitions = 1000;

    /** The heap and the collector are those of Kafka's start script. */
    @Option(names = "--kafka-flags", split = " ", description = "of its JVMs (default: those of its start script)")
    private List<String> kafkaFlags = KafkaCluster.SCRIPT_FLAGS;

    @Option(names = "--kafka", required = true, description = "the directory with the jars of Apache Kafka")
    private Path kafka = Path.of("");

    @Option(names = "--varve", required = true, description = "the launcher, which chooses the flags")
    private Path varve = Path.of("");

    @Option(names = "--directory", required = true, description = "where data goes; emptied after each turn")
    private Path directory = Path.of("");

    private CompareClusters() {}

    /** Runs the command and ends the process with its exit code when that is not 0. */
    public static void main(String[] arguments) {
        int exitCode = new CommandLine(new CompareClusters()).execute(arguments);
        if (exitCode != 0) {
            Runtime.getRuntime().exit(exitCode);
        }
    }

    @Override
    public Integer call() throws Exception {
        ClusterRound.Plan plan = new ClusterRound.Plan(warmUpMs, measureMs, idleMs, kills, partitions);
        List<String> names = targets.stream().map(name -> target(name).name()).toList();
        System.out.print(Turns.run(names, rounds, directory, (target, data, results) -> {
            try (ClusterRound turn = new ClusterRound(target(targets.get(target)), data, plan, results)) {
                turn.run();
            }
        }));
        return 0;
    }

    /** A new one for each turn: a cluster of Kafka's has an id. */
    private ClusterTarget target(String name) {
        return switch (name) {
            case "kafka" -> new KafkaCluster(kafka, kafkaFlags);
            case "varve" -> VarveCluster.ofLauncher(varve);
            default -> throw new IllegalArgumentException("no such target: " + name + "; there are kafka and varve");
        };
    }
}
