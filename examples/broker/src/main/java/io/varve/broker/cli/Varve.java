// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.cli;

import io.varve.coordination.zookeeper.config.NearestName;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.function.Function;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;
import picocli.CommandLine.UnmatchedArgumentException;

/**
 * The command line: finds the command, runs it, and turns what it throws into one line and an exit code, 0 for done, 1
 * for failed, 2 for a wrong call.
 *
 * <p>Threading: confined to the main thread.
 */
final class Varve {

    /** All commands; one is made only when it is called or all are looked at, since the clients behind them are large. */
    private static final Map<String, Function<Streams, Object>> COMMANDS = commands();

    private final Streams streams;

    Varve(Streams streams) {
        this.streams = streams;
    }

    private static Map<String, Function<Streams, Object>> commands() {
        final Map<String, Function<Streams, Object>> commands = new LinkedHashMap<>();
        commands.put("broker", BrokerCommand::new);
        commands.put("topic", TopicCommand::new);
        commands.put("produce", ProduceCommand::new);
        commands.put("consume", ConsumeCommand::new);
        commands.put("log", LogCommand::new);
        commands.put("tree", TreeCommand::new);
        commands.put("quorum", QuorumCommand::new);
        commands.put("cluster", ClusterCommand::new);
        commands.put("config", ConfigCommand::new);
        commands.put("demo", DemoCommand::new);
        commands.put("rehearse", RehearseCommand::new);
        return commands;
    }

    /** Runs a command and returns its exit code. */
    int run(String... args) {
        try {
            return commandLine(args).execute(args);
        } finally {
            streams.out().flush();
            streams.err().flush();
        }
    }

    private CommandLine commandLine(String... args) {
        final CommandLine commandLine = new CommandLine(new Top());
        final boolean isCommand = args.length > 0 && COMMANDS.containsKey(args[0]);
        COMMANDS.forEach((name, command) -> {
            if (!isCommand || name.equals(args[0])) {
                commandLine.addSubcommand(command.apply(streams));
            }
        });
        commandLine
                .setOut(new PrintWriter(streams.out(), true, StandardCharsets.UTF_8))
                .setErr(new PrintWriter(streams.err(), true, StandardCharsets.UTF_8))
                .setUsageHelpAutoWidth(false)
                .setExpandAtFiles(!isCommand || !args[0].equals("tree")) // data may begin with an @
                .setParameterExceptionHandler(this::wrongCall)
                .setExecutionExceptionHandler(this::failed);
        addHelp(commandLine);
        addVersion(commandLine.getCommandSpec());
        return commandLine;
    }

    /** Every command has --help; the commands that are methods cannot declare it themselves. */
    private static void addHelp(CommandLine command) {
        final CommandSpec spec = command.getCommandSpec();
        spec.addOption(CommandLine.Model.OptionSpec.builder("-h", "--help")
                .usageHelp(true)
                .description("Show this help.")
                .build());
        command.getSubcommands().values().forEach(Varve::addHelp);
    }

    /** Who names a group of commands and none of them is shown which there are. The parser has no other sign for it. */
    private static boolean lacksCommand(ParameterException e) {
        return e.getClass() == ParameterException.class
                && e.getArgSpec() == null
                && !e.getCommandLine().getSubcommands().isEmpty()
                && !(e.getCommandLine().getCommand() instanceof Callable<?>);
    }

    private static void addVersion(CommandSpec top) {
        final String version = Varve.class.getPackage().getImplementationVersion();
        top.version("varve " + (version == null ? "development" : version));
        top.addOption(CommandLine.Model.OptionSpec.builder("-V", "--version")
                .versionHelp(true)
                .description("Show the version.")
                .build());
    }

    private int wrongCall(ParameterException e, String[] args) {
        final CommandLine command = e.getCommandLine();
        if (lacksCommand(e)) {
            command.usage(command.getErr());
            return CommandFailure.EXIT_USAGE;
        }
        final String message = problem(e) + suggestion(e, command);
        final String name = command.getCommandSpec().qualifiedName();
        return CommandFailure.report(
                new CommandFailure(CommandFailure.USAGE, message + "; see " + name + " --help"), streams, isJson(args));
    }

    private int failed(Exception thrown, CommandLine command, ParseResult parsed) {
        final List<String> args = parsed.originalArgs();
        if (args.contains("--verbose")) {
            thrown.printStackTrace(streams.err());
        }
        return CommandFailure.report(thrown, streams, isJson(args.toArray(new String[0])));
    }

    private static String problem(ParameterException e) {
        if (e instanceof UnmatchedArgumentException unmatched
                && !unmatched.getUnmatched().isEmpty()
                && !unmatched.getUnmatched().get(0).startsWith("-")
                && !e.getCommandLine().getSubcommands().isEmpty()) {
            return "unknown command: " + unmatched.getUnmatched().get(0);
        }
        return oneLine(String.valueOf(e.getMessage()));
    }

    private static String suggestion(ParameterException e, CommandLine command) {
        if (!(e instanceof UnmatchedArgumentException unmatched)
                || unmatched.getUnmatched().isEmpty()) {
            return "";
        }
        final String word = unmatched.getUnmatched().get(0);
        final List<String> known = word.startsWith("-")
                ? List.copyOf(command.getCommandSpec().optionsMap().keySet())
                : List.copyOf(command.getSubcommands().keySet());
        final String nearest = NearestName.of(word, known);
        return nearest == null ? "" : "; did you mean " + nearest + "?";
    }

    /** Whether JSON was asked for, also when the rest of the call cannot be understood. */
    private static boolean isJson(String[] args) {
        final List<String> list = Arrays.asList(args);
        for (int i = 0; i < list.size(); i++) {
            final String arg = list.get(i);
            final boolean next = i + 1 < list.size() && list.get(i + 1).equals("json");
            if (arg.equals("-ojson") || arg.equals("-o=json") || arg.equals("--output=json")) {
                return true;
            }
            if (next && (arg.equals("-o") || arg.equals("--output"))) {
                return true;
            }
        }
        return false;
    }

    private static String oneLine(String text) {
        return text.replaceAll("\\s*\\R\\s*", " ");
    }

    @Command(
            name = "varve",
            description = "A broker that Kafka's clients talk to, and commands for it.",
            synopsisSubcommandLabel = "COMMAND")
    private static final class Top {}
}
