// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.cli;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Where the process starts. A plain call of {@code varve broker} is served without loading the parser of the command
 * line, which would take a third of the time to the ready line; every other call goes to {@link Varve}.
 *
 * <p>Threading: confined to the main thread.
 */
public final class BrokerMain {

    private BrokerMain() {}

    /** Runs a command and ends the process with its exit code. */
    public static void main(String[] args) {
        final Streams streams = Streams.ofProcess();
        final BrokerRun plain = plainCall(args);
        if (plain == null) {
            System.exit(new Varve(streams).run(args));
        } else {
            System.exit(run(plain, streams));
        }
    }

    private static int run(BrokerRun broker, Streams streams) {
        try {
            return broker.run(streams);
        } catch (RuntimeException e) {
            return CommandFailure.report(e, streams, false);
        } finally {
            streams.out().flush();
        }
    }

    /** The call {@code broker [FILE] [--set KEY=VALUE]...}, or null when there is more to it, as an unknown option. */
    static @Nullable BrokerRun plainCall(String... args) {
        if (args.length == 0 || !args[0].equals("broker")) {
            return null;
        }
        if (args.length > 1 && (args[1].equals("drain") || args[1].equals("undrain"))) {
            return null;
        }
        Path file = null;
        boolean untilStdinCloses = false;
        final List<String> overrides = new ArrayList<>();
        for (int i = 1; i < args.length; i++) {
            if (args[i].equals("--set") && i + 1 < args.length && !args[i + 1].startsWith("-")) {
                overrides.add(args[++i]);
            } else if (args[i].equals("--until-stdin-closes")) {
                untilStdinCloses = true;
            } else if (file == null && !args[i].startsWith("-") && !args[i].startsWith("@")) {
                file = Path.of(args[i]);
            } else {
                return null;
            }
        }
        return new BrokerRun(file, overrides, false, untilStdinCloses);
    }
}
