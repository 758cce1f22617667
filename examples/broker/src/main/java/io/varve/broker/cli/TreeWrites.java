// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.cli;

import static io.varve.broker.cli.Printer.object;

import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.List;
import org.apache.zookeeper.CreateMode;
import org.apache.zookeeper.KeeperException;
import org.apache.zookeeper.ZKUtil;
import org.apache.zookeeper.ZooDefs;
import org.apache.zookeeper.data.ACL;
import org.apache.zookeeper.data.Stat;
import org.jspecify.annotations.Nullable;

/**
 * The commands that change nodes.
 *
 * <p>Threading: confined to the command's thread.
 */
final class TreeWrites {

    private final TreeSession session;
    private final TreeOutput output;

    TreeWrites(TreeSession session, TreeOutput output) {
        this.session = session;
        this.output = output;
    }

    /**
     * Creates a node. The session of an ephemeral one is left to run out, since nobody would ever see the node if it
     * ended with the command.
     *
     * @param ttlMs only with a mode that has one
     */
    void create(String path, @Nullable String data, @Nullable String acl, CreateMode mode, long ttlMs) {
        TreeSession.checkPath(path, mode.isSequential());
        final byte[] bytes = data == null ? null : data.getBytes(StandardCharsets.UTF_8);
        final List<ACL> acls = acl == null ? ZooDefs.Ids.OPEN_ACL_UNSAFE : TreeAcl.parse(acl);
        session.run(client -> {
            final String created;
            try {
                created = mode.isTTL()
                        ? client.create(path, bytes, acls, mode, new Stat(), ttlMs)
                        : client.create(path, bytes, acls, mode);
            } catch (KeeperException.NoNodeException e) {
                final String parent = session.servers().root() + path.substring(0, path.lastIndexOf('/'));
                throw new CommandFailure(
                        e.code().name(),
                        "Node does not exist: " + parent + ", the parent of " + path + "; create it first",
                        e);
            }
            output.print(object("path", created), "Created " + created);
            if (mode.isEphemeral()) {
                client.leave();
            }
        });
    }

    /** The mode that zkCli's flags stand for, or a failure when they exclude each other. */
    static CreateMode mode(boolean sequential, boolean ephemeral, boolean container, @Nullable Long ttlMs) {
        if (container && (sequential || ephemeral)) {
            throw wrongCall("-c cannot be combined with -s or -e: containers are neither sequential nor ephemeral");
        }
        if (ttlMs != null && (ephemeral || container)) {
            throw wrongCall("-t cannot be combined with -e or -c: only persistent nodes have a time to live");
        }
        if (ttlMs != null && ttlMs <= 0) {
            throw wrongCall("-t must be more than 0 ms: " + ttlMs);
        }
        if (container) {
            return CreateMode.CONTAINER;
        }
        if (ttlMs != null) {
            return sequential ? CreateMode.PERSISTENT_SEQUENTIAL_WITH_TTL : CreateMode.PERSISTENT_WITH_TTL;
        }
        if (ephemeral) {
            return sequential ? CreateMode.EPHEMERAL_SEQUENTIAL : CreateMode.EPHEMERAL;
        }
        return sequential ? CreateMode.PERSISTENT_SEQUENTIAL : CreateMode.PERSISTENT;
    }

    void set(String path, String data, int version, boolean withStat, boolean isBase64) {
        final byte[] bytes = isBase64 ? decode(data) : data.getBytes(StandardCharsets.UTF_8);
        session.run(path, client -> {
            final Stat stat = client.setData(path, bytes, version);
            output.print(object("path", path, "set", true), null, withStat ? stat : null);
        });
    }

    private static byte[] decode(String data) {
        try {
            return Base64.getDecoder().decode(data);
        } catch (IllegalArgumentException e) {
            throw new CommandFailure(CommandFailure.USAGE, "not Base64: " + data, e);
        }
    }

    void delete(String path, int version) {
        session.run(path, client -> {
            client.delete(path, version);
            output.print(object("path", path, "deleted", true), null);
        });
    }

    /** Deletes a node and all below it, {@code batchSize} nodes in one request, which is not one change. */
    void deleteAll(String path, int batchSize) {
        if (batchSize <= 0) {
            throw wrongCall("-b must be more than 0 nodes: " + batchSize);
        }
        session.run(path, client -> {
            if (!ZKUtil.deleteRecursive(client, path, batchSize)) {
                throw new CommandFailure(
                        CommandFailure.FAILED,
                        "Failed to delete some nodes below " + path + "; see which with: varve tree ls -R " + path);
            }
            output.print(object("path", path, "deleted", true), null);
        });
    }

    private static CommandFailure wrongCall(String why) {
        return new CommandFailure(CommandFailure.USAGE, why);
    }
}
