// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.cli;

import static io.varve.broker.cli.Printer.object;

import java.util.ArrayList;
import java.util.List;
import org.apache.zookeeper.CreateMode;
import org.apache.zookeeper.KeeperException;
import org.apache.zookeeper.Op;
import org.apache.zookeeper.Quotas;
import org.apache.zookeeper.StatsTrack;
import org.apache.zookeeper.ZKUtil;
import org.apache.zookeeper.ZooDefs;
import org.apache.zookeeper.ZooKeeper;
import org.jspecify.annotations.Nullable;

/**
 * The commands about quotas. A quota is kept in the tree itself: the node /a/b has its limits and what it uses in
 * two nodes below /zookeeper/quota/a/b, and no node has a quota of its own while one above or below it has.
 *
 * <p>Threading: confined to the command's thread.
 */
final class TreeQuotas {

    private final TreeSession session;
    private final TreeOutput output;

    TreeQuotas(TreeSession session, TreeOutput output) {
        this.session = session;
        this.output = output;
    }

    void list(String path) {
        run(path, client -> {
            final StatsTrack limits = read(client, Quotas.limitPath(path));
            final StatsTrack used = read(client, Quotas.statPath(path));
            if (limits == null || used == null) {
                throw noQuota(path);
            }
            output.print(
                    object(
                            "path", path,
                            "limits", TreeQuota.json(limits),
                            "used", object("count", used.getCount(), "bytes", used.getBytes())),
                    "Output quota for " + path + " " + limits + System.lineSeparator() + "Output stat for " + path + " "
                            + used);
        });
    }

    /** Sets one limit and leaves the others of the node as they are. */
    void set(String path, TreeQuota quota, long value) {
        if (value < (quota.isOfNodes() ? 1 : 0)) {
            throw new CommandFailure(
                    CommandFailure.USAGE,
                    quota.isOfNodes() ? "a quota of nodes must be more than 0: " + value : "negative quota: " + value);
        }
        run(path, client -> {
            if (client.exists(path, false) == null) {
                throw new KeeperException.NoNodeException(path);
            }
            final StatsTrack present = read(client, Quotas.limitPath(path));
            final StatsTrack limits = present == null ? TreeQuota.none() : present;
            quota.set(limits, value);
            if (present == null) {
                checkAlone(client, path);
                create(client, path, limits);
            } else {
                client.setData(Quotas.limitPath(path), limits.getStatsBytes(), -1);
            }
            final StatsTrack use = read(client, Quotas.statPath(path));
            final long used = use == null ? 0 : quota.used(use);
            output.print(
                    object("path", path, "limits", TreeQuota.json(limits), "exceeded", used > value),
                    used > value ? warning(quota, used) : null);
        });
    }

    /** In zkCli's words. */
    private static String warning(TreeQuota quota, long used) {
        final String what = quota.isOfNodes() ? "count" : "bytes";
        return "[Warning]: the " + what + " quota you create is less than the existing " + what + ":" + used;
    }

    /** Takes one limit away, or with null all of them. */
    void delete(String path, @Nullable TreeQuota quota) {
        run(path, client -> {
            final StatsTrack limits = read(client, Quotas.limitPath(path));
            if (limits == null) {
                throw noQuota(path);
            }
            if (quota == null) {
                remove(client, path);
            } else {
                quota.unset(limits);
                client.setData(Quotas.limitPath(path), limits.getStatsBytes(), -1);
            }
            output.print(object("path", path, "deleted", true), null);
        });
    }

    /** The nodes of quotas stand at the top of the tree, which a client with a root cannot reach. */
    private void run(String path, TreeSession.Use use) {
        final TreeServers servers = session.servers();
        if (!servers.root().isEmpty()) {
            throw new CommandFailure(
                    CommandFailure.USAGE,
                    "quotas are kept above the root " + servers.root() + ": call with -server " + servers.joined()
                            + " and the whole path");
        }
        session.run(path, use);
    }

    private static @Nullable StatsTrack read(ZooKeeper client, String path)
            throws KeeperException, InterruptedException {
        try {
            return new StatsTrack(client.getData(path, false, null));
        } catch (KeeperException.NoNodeException e) {
            return null;
        }
    }

    private static void checkAlone(ZooKeeper client, String path) throws KeeperException, InterruptedException {
        for (String above = parent(path); !above.isEmpty(); above = parent(above)) {
            if (client.exists(Quotas.limitPath(above), false) != null) {
                throw notAlone(path, above);
            }
        }
        final String place = Quotas.quotaPath(path);
        if (client.exists(place, false) == null) {
            return;
        }
        for (String node : ZKUtil.listSubTreeBFS(client, place)) {
            if (node.endsWith("/" + Quotas.limitNode)) {
                throw notAlone(path, Quotas.trimQuotaPath(parent(node)));
            }
        }
    }

    /** The limits, the use and every node above them that is missing, in one change. */
    private static void create(ZooKeeper client, String path, StatsTrack limits)
            throws KeeperException, InterruptedException {
        final StatsTrack used = new StatsTrack();
        used.setCount(0);
        used.setBytes(0);
        final List<Op> changes = new ArrayList<>();
        for (String node = Quotas.quotaPath(path);
                !node.isEmpty() && client.exists(node, false) == null;
                node = parent(node)) {
            changes.add(0, creation(node, new byte[0]));
        }
        changes.add(creation(Quotas.limitPath(path), limits.getStatsBytes()));
        changes.add(creation(Quotas.statPath(path), used.getStatsBytes())); // the server counts when this appears
        client.multi(changes);
    }

    private static Op creation(String path, byte[] data) {
        return Op.create(path, data, ZooDefs.Ids.OPEN_ACL_UNSAFE, CreateMode.PERSISTENT);
    }

    /** The quota's nodes, then every node above them that nothing else needs. */
    private static void remove(ZooKeeper client, String path) throws KeeperException, InterruptedException {
        client.multi(List.of(Op.delete(Quotas.limitPath(path), -1), Op.delete(Quotas.statPath(path), -1)));
        String node = Quotas.quotaPath(path);
        while (!node.equals(Quotas.quotaZookeeper)
                && client.getChildren(node, false).isEmpty()) {
            client.delete(node, -1);
            node = parent(node);
        }
    }

    private static String parent(String path) {
        return path.substring(0, path.lastIndexOf('/'));
    }

    private static CommandFailure noQuota(String path) {
        return new CommandFailure("NONODE", "quota for " + path + " does not exist.");
    }

    private static CommandFailure notAlone(String path, String other) {
        return new CommandFailure(
                CommandFailure.FAILED,
                path + " cannot have a quota, since " + other
                        + " has one; take that away first with: varve tree delquota " + other);
    }
}
