// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.cli;

import static io.varve.broker.cli.Printer.object;

import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.apache.zookeeper.KeeperException;
import org.apache.zookeeper.Version;
import org.apache.zookeeper.ZKUtil;
import org.apache.zookeeper.cli.HexDumpOutputFormatter;
import org.apache.zookeeper.data.Stat;
import org.apache.zookeeper.server.util.ConfigUtils;
import org.jspecify.annotations.Nullable;

/**
 * The commands that look at nodes and at the servers.
 *
 * <p>Threading: confined to the command's thread.
 */
final class TreeReads {

    /** How data is shown. */
    enum DataForm {
        TEXT,
        BASE64,
        HEX_DUMP
    }

    private final TreeSession session;
    private final TreeOutput output;
    private final TreeWatches watches;

    TreeReads(TreeSession session, TreeOutput output) {
        this.session = session;
        this.output = output;
        this.watches = new TreeWatches(session, output);
    }

    /** With {@code watch}, also waits for the first change and prints that. */
    void list(String path, boolean withStat, boolean watch) {
        session.run(path, client -> {
            final Stat stat = new Stat();
            final List<String> children =
                    client.getChildren(path, watch, stat).stream().sorted().toList();
            output.print(
                    object("path", path, "children", children),
                    "[" + String.join(", ", children) + "]",
                    withStat ? stat : null);
            watches.awaitOne(watch);
        });
    }

    /** The node and all below it, each before its children. */
    void listAll(String path, boolean watch) {
        session.run(path, client -> {
            ZKUtil.visitSubTreeDFS(
                    client, path, watch, (code, node, context, name) -> output.print(object("path", node), node));
            watches.awaitOne(watch);
        });
    }

    void get(String path, boolean withStat, boolean watch, DataForm form) {
        session.run(path, client -> {
            final Stat stat = new Stat();
            final byte[] data = client.getData(path, watch, stat);
            final Map<String, Object> value = object("path", path);
            if (data != null && form != DataForm.TEXT) {
                value.put("dataBase64", Base64.getEncoder().encodeToString(data));
            } else {
                Printer.put(value, "data", data);
            }
            output.print(value, text(data, form), withStat ? stat : null);
            watches.awaitOne(watch);
        });
    }

    /** A node without data has the text "null", in any form, as with zkCli. */
    private static String text(byte @Nullable [] data, DataForm form) {
        final byte[] shown = data == null ? "null".getBytes(StandardCharsets.UTF_8) : data;
        return switch (form) {
            case TEXT -> new String(shown, StandardCharsets.UTF_8);
            case BASE64 -> Base64.getEncoder().encodeToString(shown);
            case HEX_DUMP -> HexDumpOutputFormatter.INSTANCE.format(shown);
        };
    }

    void stat(String path, boolean watch) {
        session.run(path, client -> {
            final Stat stat = client.exists(path, watch);
            if (stat == null) {
                throw new KeeperException.NoNodeException(path);
            }
            output.print(object("path", path), null, stat);
            watches.awaitOne(watch);
        });
    }

    /** The ephemeral nodes of the command's own session, which has none yet; the command is there because zkCli has it. */
    void ephemerals(String prefix) {
        TreeSession.checkPath(prefix, true);
        session.run(client -> {
            final List<String> paths = client.getEphemerals(prefix);
            output.print(object("path", prefix, "ephemerals", paths), paths.toString());
        });
    }

    void countAll(String path) {
        session.run(path, client -> {
            final int count = client.getAllChildrenNumber(path);
            output.print(object("path", path, "allChildrenNumber", count), String.valueOf(count));
        });
    }

    void sync(String path) {
        session.run(path, client -> {
            final CompletableFuture<Integer> answer = new CompletableFuture<>();
            client.sync(path, (code, node, context) -> answer.complete(code), null);
            final int code = answer.join(); // the client answers for the server when the connection is lost
            if (code != KeeperException.Code.OK.intValue()) {
                throw KeeperException.create(KeeperException.Code.get(code), path);
            }
            output.print(object("path", path, "synced", true), "Sync is OK");
        });
    }

    /** The members, or with {@code asServers} only what clients need of it to connect. */
    void config(boolean withStat, boolean asServers) {
        session.run(client -> {
            final Stat stat = new Stat();
            final byte[] data = client.getConfig(false, stat);
            final String members = text(data, DataForm.TEXT);
            final String shown = asServers ? ConfigUtils.getClientConfigStr(members) : members;
            output.print(object(asServers ? "servers" : "config", shown), shown, withStat ? stat : null);
        });
    }

    /** Of the client; asks no server. */
    void version() {
        output.print(object("version", Version.getFullVersion()), "ZooKeeper CLI version: " + Version.getFullVersion());
    }
}
