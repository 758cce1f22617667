// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.cli;

import java.io.PrintStream;

/**
 * Says how far the work is: a bar on a terminal, else a line for each step.
 *
 * <p>Threading: confined to the command's thread.
 */
final class Progress {

    private static final int WIDTH = 40;
    private static final long INTERVAL_NS = 100_000_000;

    private final PrintStream err;
    private final boolean terminal;
    private long lastNs;
    private String step = "";

    Progress(PrintStream err, boolean terminal) {
        this.err = err;
        this.terminal = terminal;
    }

    /** Begins a step. */
    void step(String name) {
        clear();
        step = name;
        lastNs = 0;
        if (terminal) {
            err.print("\r" + name + " ...");
            err.flush();
        } else {
            err.println(name);
        }
    }

    /** Shows how far the step is, now and then. */
    void update(long done, long all) {
        final long nowNs = System.nanoTime();
        if (!terminal || (lastNs != 0 && nowNs - lastNs < INTERVAL_NS)) {
            return;
        }
        lastNs = nowNs;
        final int filled = all == 0 ? WIDTH : (int) (WIDTH * done / all);
        final String bar = "#".repeat(filled) + "-".repeat(WIDTH - filled);
        err.printf("\r%-28s [%s] %3d%%", step, bar, all == 0 ? 100 : 100 * done / all);
        err.flush();
    }

    /** Removes the bar, so that something else can be printed. */
    void clear() {
        if (terminal && !step.isEmpty()) {
            err.print("\r" + " ".repeat(WIDTH + 40) + "\r");
            err.flush();
        }
    }
}
