// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.compare;

import io.varve.target.ApacheTarget;
import io.varve.target.Target;
import io.varve.target.VarveTarget;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Runs quorums of three in turns and prints a table; see {@code benchmarks/compare/quorum.sh}. */
@Command(
        name = "compare",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        description = "Runs quorums of three in turns, the same load on each, and prints a table.")
public final class CompareQuorums implements Callable<Integer> {

    @Option(
            names = "--targets",
            split = ",",
            description = "apache, varve; one may come twice (default: ${DEFAULT-VALUE})")
    private List<String> targets = List.of("apache", "varve");

    @Option(names = "--rounds", description = "turns of each target (default: ${DEFAULT-VALUE})")
    private int rounds = 3;

    @Option(names = "--warm-up-ms", description = "of each load, not measured (default: ${DEFAULT-VALUE})")
    private long warmUpMs = 3000;

    @Option(names = "--measure-ms", description = "of each load (default: ${DEFAULT-VALUE})")
    private long measureMs = 5000;

    @Option(names = "--idle-ms", description = "without load (default: ${DEFAULT-VALUE})")
    private long idleMs = 10_000;

    @Option(names = "--updates", description = "sets before disk use is taken, 0 for none (default: ${DEFAULT-VALUE})")
    private long updates = 1_000_000;

    @Option(names = "--nodes", description = "nodes for the restart, 0 for none (default: ${DEFAULT-VALUE})")
    private long nodes = 1_000_000;

    /** The heap is that of zkServer.sh. */
    @Option(names = "--apache-flags", split = " ", description = "of its JVMs (default: ${DEFAULT-VALUE})")
    private List<String> apacheFlags = List.of("-Xmx1000m");

    @Option(names = "--zookeeper", required = true, description = "the directory with the jars of Apache ZooKeeper")
    private Path zookeeper = Path.of("");

    @Option(names = "--varve", required = true, description = "the launcher, which chooses the flags")
    private Path varve = Path.of("");

    @Option(names = "--directory", required = true, description = "where data goes; emptied after each turn")
    private Path directory = Path.of("");

    private CompareQuorums() {}

    /** Runs the command and ends the process with its exit code when that is not 0. */
    public static void main(String[] arguments) {
        int exitCode = new CommandLine(new CompareQuorums()).execute(arguments);
        if (exitCode != 0) {
            Runtime.getRuntime().exit(exitCode);
        }
    }

    @Override
    public Integer call() throws Exception {
        List<Target> all = targets.stream().map(this::target).toList();
        Round.Plan plan = new Round.Plan(warmUpMs, measureMs, idleMs, updates, nodes);
        List<String> names = all.stream().map(Target::name).toList();
        System.out.print(Turns.run(names, rounds, directory, (target, data, results) -> {
            try (Round turn = new Round(all.get(target), data, plan, results)) {
                turn.run();
            }
        }));
        return 0;
    }

    private Target target(String name) {
        return switch (name) {
            case "apache" -> new ApacheTarget(zookeeper, apacheFlags);
            case "varve" -> VarveTarget.ofLauncher(varve);
            default -> throw new IllegalArgumentException("no such target: " + name + "; there are apache and varve");
        };
    }
}
