// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.cli;

import picocli.CommandLine.Option;

/**
 * What all commands have in common that talk to no broker.
 *
 * <p>Threading: confined to the command's thread.
 */
final class OutputOptions {

    @Option(
            names = {"-o", "--output"},
            paramLabel = "text|json",
            description = "json prints one JSON object on each line, also on errors.",
            defaultValue = "text")
    private OutputFormat format = OutputFormat.text;

    @Option(names = "--verbose", description = "Show stack traces on standard error.")
    @SuppressWarnings("UnusedVariable") // read from the arguments, which also has it when they cannot be understood
    private boolean verbose;

    boolean isJson() {
        return format == OutputFormat.json;
    }
}
