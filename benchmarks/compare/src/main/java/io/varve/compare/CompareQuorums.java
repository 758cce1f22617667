// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.compare;

import io.varve.target.ApacheTarget;
import io.varve.target.Target;
import io.varve.target.VarveTarget;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
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
        Results results = new Results(names(all));
        Round.Plan plan = new Round.Plan(warmUpMs, measureMs, idleMs, updates, nodes);
        PrintStream progress = System.err;
        for (int round = 0; round < rounds; round++) {
            for (int turn = 0; turn < all.size(); turn++) {
                // The other way round every second time: who goes first gains or loses nothing.
                int target = round % 2 == 0 ? turn : all.size() - 1 - turn;
                progress.printf("round %d of %d: %s%n", round + 1, rounds, results.target(target));
                run(all.get(target), target, plan, results);
            }
            if (round + 1 < rounds) {
                progress.println(results.markdown()); // so that a run that is broken off leaves something
            }
        }
        System.out.print(results.markdown());
        return 0;
    }

    private void run(Target target, int index, Round.Plan plan, Results results) throws Exception {
        Path data = Files.createTempDirectory(Files.createDirectories(directory), "turn-");
        try (Round turn = new Round(target, data, plan, (measure, value) -> results.add(measure, index, value))) {
            turn.run();
        } finally {
            delete(data);
        }
    }

    private Target target(String name) {
        return switch (name) {
            case "apache" -> new ApacheTarget(zookeeper, apacheFlags);
            case "varve" -> VarveTarget.ofLauncher(varve);
            default -> throw new IllegalArgumentException("no such target: " + name + "; there are apache and varve");
        };
    }

    /** The names of the targets, told apart where one comes twice. */
    private static List<String> names(List<Target> targets) {
        List<String> names = new ArrayList<>();
        for (Target target : targets) {
            names.add(names.contains(target.name()) ? target.name() + " again" : target.name());
        }
        return names;
    }

    private static void delete(Path directory) throws IOException {
        List<Path> paths;
        try (Stream<Path> walk = Files.walk(directory)) {
            paths = walk.sorted(Comparator.reverseOrder()).toList();
        }
        for (Path path : paths) {
            Files.delete(path);
        }
    }
}
