// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.cli;

import static io.varve.broker.cli.Printer.object;

import java.io.PrintStream;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;
import org.apache.zookeeper.cli.StatPrinter;
import org.apache.zookeeper.data.Stat;
import org.jspecify.annotations.Nullable;

/**
 * Prints what a command found or did: as zkCli prints it, or as one JSON object.
 *
 * <p>Threading: confined to the command's thread.
 */
final class TreeOutput {

    private final PrintStream out;
    private final boolean json;

    TreeOutput(Streams streams, TreeOptions options) {
        this.out = streams.out();
        this.json = options.isJson();
    }

    /** Prints one result in either form; {@code text} may be nothing, as after most changes. */
    void print(Map<String, Object> value, @Nullable String text) {
        print(value, text, null);
    }

    /** Prints one result in either form, with the node's stat when there is one. */
    void print(Map<String, Object> value, @Nullable String text, @Nullable Stat stat) {
        if (json) {
            final Map<String, Object> whole = new LinkedHashMap<>(value);
            if (stat != null) {
                whole.put("stat", json(stat));
            }
            Printer.json(out, whole);
            return;
        }
        if (text != null) {
            out.println(text);
        }
        if (stat != null) {
            new StatPrinter(out).print(stat);
        }
    }

    /** Hands out what was printed so far, before a wait. */
    void flush() {
        out.flush();
    }

    /** The names are zkCli's. A session's id is no number here: most readers of JSON would round it. */
    private static Map<String, Object> json(Stat stat) {
        return object(
                "cZxid", stat.getCzxid(),
                "ctime", Instant.ofEpochMilli(stat.getCtime()).toString(),
                "mZxid", stat.getMzxid(),
                "mtime", Instant.ofEpochMilli(stat.getMtime()).toString(),
                "pZxid", stat.getPzxid(),
                "cversion", stat.getCversion(),
                "dataVersion", stat.getVersion(),
                "aclVersion", stat.getAversion(),
                "ephemeralOwner", "0x" + Long.toHexString(stat.getEphemeralOwner()),
                "dataLength", stat.getDataLength(),
                "numChildren", stat.getNumChildren());
    }
}
