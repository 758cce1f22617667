// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.cli;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.stream.Collectors;
import org.apache.kafka.clients.admin.Admin;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/**
 * {@code varve cluster ...}: several brokers on this machine, to try things with.
 *
 * <p>Threading: confined to the command's thread.
 */
@Command(
        name = "cluster",
        description = {
            "Start, look at and stop several brokers on this machine, which are the members of their quorum.",
            "Show and change how replicas are spread over the brokers of any cluster: balance, reassign."
        },
        synopsisSubcommandLabel = "COMMAND")
final class ClusterCommand {

    private static final int DEFAULT_NODES = 3;
    private static final int MAX_NODES = 99;
    private static final int ASK_TIMEOUT_MS = 3_000;
    private static final long ASK_AGAIN_MS = 50;

    private final Streams streams;

    ClusterCommand(Streams streams) {
        this.streams = streams;
    }

    /** What all of them have in common. */
    static final class ClusterOptions {

        @Option(
                names = {"--dir", "--directory"},
                paramLabel = "DIR",
                required = true,
                description = "The cluster's directory; it has one directory, node-N, for each broker.")
        private Path directory = Path.of("");

        @Option(
                names = "--timeout",
                paramLabel = "S",
                defaultValue = "120",
                description = "How long to wait for the brokers, seconds. Default: ${DEFAULT-VALUE}.")
        private int timeoutS;

        LocalCluster cluster() {
            return new LocalCluster(directory);
        }

        Duration timeout() {
            if (timeoutS <= 0) {
                throw new CommandFailure(CommandFailure.USAGE, "--timeout must be more than 0 s: " + timeoutS);
            }
            return Duration.ofSeconds(timeoutS);
        }

        /** That of a cluster that must be there. */
        LocalCluster existing() {
            final LocalCluster cluster = cluster();
            if (cluster.nodes().isEmpty()) {
                throw new CommandFailure(
                        CommandFailure.FAILED,
                        "there is no cluster in " + cluster.directory() + "; varve cluster start makes one");
            }
            return cluster;
        }
    }

    @Command(
            name = "start",
            description = {
                "Make a cluster in an empty directory and start it, or start the brokers of one that do not run.",
                "Returns when all of them serve; they go on until varve cluster stop."
            })
    int start(
            @Mixin ClusterOptions options,
            @Mixin OutputOptions output,
            @Option(
                            names = "--nodes",
                            paramLabel = "N",
                            description = "How many brokers a new cluster has. Default: " + DEFAULT_NODES + ".")
                    @Nullable
                    Integer nodes,
            @Option(
                            names = "--port",
                            paramLabel = "PORT",
                            defaultValue = "9092",
                            description =
                                    "Where a new cluster's first broker listens; the others on the next ports. 0: where there"
                                            + " is room. Default: ${DEFAULT-VALUE}.")
                    int port,
            @Option(
                            names = "--client-port",
                            paramLabel = "PORT",
                            defaultValue = "2181",
                            description = "The same for ZooKeeper's clients. Default: ${DEFAULT-VALUE}.")
                    int clientPort)
            throws InterruptedException {
        final LocalCluster cluster = options.cluster();
        final int found = cluster.nodes().size();
        final int count = nodes != null ? nodes : found > 0 ? found : DEFAULT_NODES;
        if (count < 1 || count > MAX_NODES) {
            throw new CommandFailure(CommandFailure.USAGE, "--nodes must be from 1 to " + MAX_NODES + ": " + count);
        }
        if (found > 0 && found != count) {
            throw new CommandFailure(
                    CommandFailure.FAILED,
                    "the cluster in " + cluster.directory() + " has " + found
                            + (found == 1 ? " broker, not " : " brokers, not ") + count
                            + "; choose another --dir for another cluster");
        }
        if (found == 0) {
            cluster.lay(count, port, clientPort);
        }
        final long deadlineNs = System.nanoTime() + options.timeout().toNanos();
        cluster.start(options.timeout());
        final List<LocalNode> started = cluster.nodes();
        return show(started, awaitQuorum(started, deadlineNs), output);
    }

    /** A broker serves before its neighbours have agreed on who leads anew. */
    private static QuorumStatus awaitQuorum(List<LocalNode> nodes, long deadlineNs) throws InterruptedException {
        QuorumStatus quorum = ask(nodes);
        while (!problem(nodes, quorum).isEmpty() && System.nanoTime() - deadlineNs < 0) {
            Thread.sleep(ASK_AGAIN_MS);
            quorum = ask(nodes);
        }
        return quorum;
    }

    private static QuorumStatus ask(List<LocalNode> nodes) {
        return QuorumStatus.ask(nodes.stream().map(LocalNode::member).toList(), ASK_TIMEOUT_MS);
    }

    @Command(
            name = "status",
            description = {
                "Show the brokers of a cluster, and what they are in their quorum.",
                "Exit code 0 when all of them run and the quorum serves, else 1."
            })
    int status(@Mixin ClusterOptions options, @Mixin OutputOptions output) {
        final List<LocalNode> nodes = options.existing().nodes();
        return show(nodes, ask(nodes), output);
    }

    private int show(List<LocalNode> nodes, QuorumStatus quorum, OutputOptions output) {
        final String problem = problem(nodes, quorum);
        if (output.isJson()) {
            Printer.json(streams.out(), json(nodes, quorum, problem));
        } else {
            table(nodes, quorum);
            if (!problem.isEmpty()) {
                streams.out().flush();
                streams.err().println("varve: " + problem);
            }
        }
        return problem.isEmpty() ? 0 : CommandFailure.EXIT_FAILED;
    }

    private static String problem(List<LocalNode> nodes, QuorumStatus quorum) {
        final String stopped = nodes.stream()
                .filter(node -> node.process().isEmpty())
                .map(node -> String.valueOf(node.id()))
                .collect(Collectors.joining(", "));
        return stopped.isEmpty()
                ? quorum.problem()
                : "not running: node " + stopped + "; varve cluster start starts it";
    }

    private void table(List<LocalNode> nodes, QuorumStatus quorum) {
        final List<List<String>> rows = new ArrayList<>();
        for (int i = 0; i < nodes.size(); i++) {
            final LocalNode node = nodes.get(i);
            final QuorumMemberStatus member = quorum.members().get(i);
            rows.add(List.of(
                    String.valueOf(node.id()),
                    node.broker(),
                    member.member().address().toString(),
                    node.process().map(process -> String.valueOf(process.pid())).orElse("-"),
                    node.process().isPresent() ? member.state().text() : "stopped"));
        }
        Printer.table(streams.out(), List.of("node", "broker", "zookeeper", "pid", "quorum"), rows);
    }

    private static Map<String, Object> json(List<LocalNode> nodes, QuorumStatus quorum, String problem) {
        final List<Map<String, Object>> all = new ArrayList<>();
        for (int i = 0; i < nodes.size(); i++) {
            final LocalNode node = nodes.get(i);
            final QuorumMemberStatus member = quorum.members().get(i);
            all.add(Printer.object(
                    "node", node.id(),
                    "broker", node.broker(),
                    "zookeeper", member.member().address().toString(),
                    "pid", node.process().map(ProcessHandle::pid).orElse(null),
                    "quorum", node.process().isPresent() ? member.state().text() : "stopped"));
        }
        return Printer.object("serves", problem.isEmpty(), "problem", problem.isEmpty() ? null : problem, "nodes", all);
    }

    @Command(name = "stop", description = "Stop the brokers of a cluster cleanly, and return when they have ended.")
    int stop(@Mixin ClusterOptions options) throws InterruptedException {
        final List<LocalNode> late = options.existing().stop(options.timeout());
        if (!late.isEmpty()) {
            throw new CommandFailure(
                    CommandFailure.FAILED,
                    "still running: node "
                            + late.stream()
                                    .map(node -> String.valueOf(node.id()))
                                    .collect(Collectors.joining(", "))
                            + "; wait longer with --timeout, or see "
                            + late.get(0).directory() + " for what it does");
        }
        return 0;
    }

    @Command(
            name = "balance",
            description = {
                "Show what each broker has, what is on its way between them, and what the controller would move and why.",
                "It does so by itself, see auto.balance.enable; nothing needs to be called for it."
            })
    int balance(@Mixin ClientOptions options) throws InterruptedException, ExecutionException {
        try (Admin admin = options.admin()) {
            final BalanceView view = new BalanceView(ClusterShape.read(admin));
            if (options.isJson()) {
                Printer.json(streams.out(), view.json());
            } else {
                view.print(streams.out());
            }
            return 0;
        }
    }

    @Command(
            name = "reassign",
            description = {
                "Let partitions have their replicas at other brokers, the preferred leader first, and wait for that.",
                "While the controller balances by itself it may move them again; see auto.balance.enable."
            })
    int reassign(
            @Mixin ClientOptions options,
            @Parameters(
                            paramLabel = "PARTITION=BROKER,...",
                            arity = "1..*",
                            description = "As orders-0=3,1; with --cancel only orders-0.")
                    List<String> partitions,
            @Option(names = "--cancel", description = "Let partitions stay that are on their way.") boolean isCancelled,
            @Option(names = "--no-wait", description = "Return when it has begun.") boolean isNotAwaited)
            throws InterruptedException, ExecutionException {
        try (Admin admin = options.admin()) {
            if (isCancelled) {
                Reassignment.cancel(admin, partitions);
            } else {
                final Reassignment reassignment = new Reassignment(admin, partitions);
                reassignment.begin();
                if (!isNotAwaited) {
                    reassignment.await(new Progress(streams.err(), System.getenv("VARVE_TERMINAL") != null));
                }
            }
            final String what = isCancelled ? "cancelled" : isNotAwaited ? "begun" : "done";
            if (options.isJson()) {
                Printer.json(streams.out(), Printer.object("partitions", partitions, "state", what));
            } else {
                streams.out().println(what + ": " + String.join(" ", partitions));
            }
            return 0;
        }
    }
}
