// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.cli;

import io.varve.broker.config.ConfigException;
import io.varve.broker.config.NearestName;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.Callable;
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
public final class Varve {

    static final int FAILED = 1;
    static final int WRONG_CALL = 2;

    private final Streams streams;
    private final CommandLine commandLine;

    Varve(Streams streams) {
        this.streams = streams;
        this.commandLine = new CommandLine(new Top(streams))
                .addSubcommand(new BrokerCommand(streams))
                .addSubcommand(new TopicCommand(streams))
                .addSubcommand(new ProduceCommand(streams))
                .addSubcommand(new ConsumeCommand(streams))
                .addSubcommand(new ConfigCommand(streams))
                .addSubcommand(new DemoCommand(streams));
        commandLine
                .setOut(new PrintWriter(streams.out(), true, StandardCharsets.UTF_8))
                .setErr(new PrintWriter(streams.err(), true, StandardCharsets.UTF_8))
                .setUsageHelpAutoWidth(false)
                .setParameterExceptionHandler(this::wrongCall)
                .setExecutionExceptionHandler(this::failed);
        addHelp(commandLine);
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

    /** Runs a command and ends the process with its exit code. */
    public static void main(String[] args) {
        System.exit(new Varve(Streams.ofProcess()).run(args));
    }

    /** Runs a command and returns its exit code. */
    int run(String... args) {
        try {
            return commandLine.execute(args);
        } finally {
            streams.out().flush();
            streams.err().flush();
        }
    }

    private int wrongCall(ParameterException e, String[] args) {
        final CommandLine command = e.getCommandLine();
        final String message = oneLine(String.valueOf(e.getMessage())) + suggestion(e, command);
        final String name = command.getCommandSpec().qualifiedName();
        return report(isJson(args), CommandFailure.USAGE, message + "; see " + name + " --help", WRONG_CALL);
    }

    private int failed(Exception thrown, CommandLine command, ParseResult parsed) {
        final CommandFailure failure = CommandFailure.of(thrown);
        final List<String> args = parsed.originalArgs();
        if (args.contains("--verbose")) {
            thrown.printStackTrace(streams.err());
        }
        final boolean wrong =
                thrown instanceof ConfigException || failure.code().equals(CommandFailure.USAGE);
        final int code = wrong ? WRONG_CALL : FAILED;
        return report(isJson(args.toArray(new String[0])), failure.code(), String.valueOf(failure.getMessage()), code);
    }

    private int report(boolean json, String code, String message, int exitCode) {
        if (json) {
            Printer.json(streams.out(), Printer.failure(code, message));
        } else {
            streams.err().println("varve: " + message);
        }
        return exitCode;
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

    /** {@code varve} alone shows what there is. */
    @Command(
            name = "varve",
            description = "A broker that Kafka's clients talk to, and commands for it.",
            synopsisSubcommandLabel = "COMMAND")
    private static final class Top implements Callable<Integer> {
        private final Streams streams;

        private Top(Streams streams) {
            this.streams = streams;
        }

        @Override
        public Integer call() {
            new Varve(streams).commandLine.usage(streams.err());
            return WRONG_CALL;
        }
    }
}
