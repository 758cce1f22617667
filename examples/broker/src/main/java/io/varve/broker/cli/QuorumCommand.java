// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.cli;

import io.varve.coordination.zookeeper.config.NearestName;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/**
 * {@code varve quorum ...}: looks after the members of a quorum.
 *
 * <p>Threading: confined to the command's thread.
 */
@Command(
        name = "quorum",
        description = {
            "Run a member of a quorum until a signal comes, as zkServer.sh start-foreground does.",
            "Standard output has one line, ready clientPort=PORT member=ID; the log goes to standard error and to quorum.log"
                    + " in VARVE_LOG_DIR, by default the directory logs in dataDir."
        },
        synopsisSubcommandLabel = "[COMMAND]")
final class QuorumCommand implements Callable<Integer> {

    private final Streams streams;

    @Spec
    private @Nullable CommandSpec spec;

    @Parameters(
            paramLabel = "ZOO_CFG",
            arity = "0..1",
            description = "A file with ZooKeeper's keys: dataDir, clientPort, server.N and so on; myid is in dataDir.")
    private @Nullable Path zooCfg;

    @Option(names = "--verbose", description = "Log in detail, and show the stack trace when the start fails.")
    private boolean verbose;

    QuorumCommand(Streams streams) {
        this.streams = streams;
    }

    /** Without a file or a command: shows which there are. */
    @Override
    public Integer call() {
        if (zooCfg != null && spec != null && !Files.exists(zooCfg)) {
            final String meant = NearestName.of(
                    zooCfg.toString(), spec.commandLine().getSubcommands().keySet());
            if (meant != null) {
                throw new CommandFailure(
                        CommandFailure.USAGE,
                        "neither a file nor a command: " + zooCfg + "; did you mean " + meant + "?");
            }
        }
        if (zooCfg != null) {
            return new QuorumRun(zooCfg, verbose).run(streams);
        }
        if (spec != null) {
            spec.commandLine().usage(spec.commandLine().getErr());
        }
        return CommandFailure.EXIT_USAGE;
    }

    @Command(
            name = "status",
            description = {
                "Ask every member, by srvr and mntr where it is allowed, what it is: leader, follower, epoch, lag.",
                "Exit code 0 when there is one leader and a majority of the voters serves, else 1."
            })
    int status(
            @Mixin OutputOptions output,
            @Option(
                            names = {"-server", "--server"},
                            paramLabel = "HOST:PORT[,..]",
                            description = "The members to ask. Default: " + TreeServers.DEFAULT + ".")
                    @Nullable
                    String servers,
            @Option(
                            names = "--config",
                            paramLabel = "ZOO_CFG",
                            description = "Ask the members that this file and its dynamic file name instead.")
                    @Nullable
                    Path config,
            @Option(
                            names = {"-timeout", "--timeout"},
                            paramLabel = "MS",
                            defaultValue = "3000",
                            description = "Until a member must have answered. Default: ${DEFAULT-VALUE}.")
                    int timeoutMs) {
        if (timeoutMs <= 0) {
            throw new CommandFailure(CommandFailure.USAGE, "-timeout must be more than 0 ms: " + timeoutMs);
        }
        final QuorumStatus status = QuorumStatus.ask(members(servers, config), timeoutMs);
        final String problem = status.problem();
        if (output.isJson()) {
            Printer.json(streams.out(), status.json());
        } else {
            status.printTable(streams.out());
            if (!problem.isEmpty()) {
                streams.out().flush();
                streams.err().println("varve: " + problem);
            }
        }
        return problem.isEmpty() ? 0 : CommandFailure.EXIT_FAILED;
    }

    private static List<QuorumMember> members(@Nullable String servers, @Nullable Path config) {
        if (config == null) {
            return TreeServers.parse(servers == null ? TreeServers.DEFAULT : servers).addresses().stream()
                    .distinct()
                    .map(address -> new QuorumMember(null, address, false))
                    .toList();
        }
        if (servers != null) {
            throw new CommandFailure(CommandFailure.USAGE, "give -server or --config, not both");
        }
        return QuorumConfigFile.members(config);
    }
}
