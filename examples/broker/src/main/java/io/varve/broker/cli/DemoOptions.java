// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.cli;

import picocli.CommandLine.Option;

/**
 * The options of a command that brings its own broker.
 *
 * <p>Threading: confined to the command's thread.
 */
final class DemoOptions {

    @Option(
            names = {"-o", "--output"},
            paramLabel = "text|json",
            description = "json prints exactly one JSON value, also on errors.",
            defaultValue = "text")
    private OutputFormat format = OutputFormat.text;

    @Option(names = "--verbose", description = "Show the client's log and stack traces on standard error.")
    private boolean verbose;

    boolean isJson() {
        return format == OutputFormat.json;
    }

    boolean isVerbose() {
        return verbose;
    }
}
