// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.cli;

import static io.varve.broker.cli.Printer.object;

import java.util.List;
import java.util.stream.Collectors;
import org.apache.zookeeper.ZKUtil;
import org.apache.zookeeper.data.ACL;
import org.apache.zookeeper.data.ClientInfo;
import org.apache.zookeeper.data.Stat;

/**
 * The commands about who may do what.
 *
 * <p>Threading: confined to the command's thread.
 */
final class TreeAcls {

    private final TreeSession session;
    private final TreeOutput output;

    TreeAcls(TreeSession session, TreeOutput output) {
        this.session = session;
        this.output = output;
    }

    void get(String path, boolean withStat) {
        session.run(path, client -> {
            final Stat stat = new Stat();
            final List<ACL> acls = client.getACL(path, stat);
            output.print(object("path", path, "acl", TreeAcl.json(acls)), TreeAcl.text(acls), withStat ? stat : null);
        });
    }

    void set(String path, String acl, int version, boolean withStat) {
        final List<ACL> acls = TreeAcl.parse(acl);
        session.run(path, client -> {
            final Stat stat = client.setACL(path, acls, version);
            output.print(object("path", path, "set", true), null, withStat ? stat : null);
        });
    }

    /** Of a node and all below it; ends at the first that refuses, and those before it stay changed. */
    void setAll(String path, String acl, int version) {
        final List<ACL> acls = TreeAcl.parse(acl);
        session.run(path, client -> {
            for (String node : ZKUtil.listSubTreeBFS(client, path)) {
                client.setACL(node, acls, version);
            }
            output.print(object("path", path, "set", true), null);
        });
    }

    /** Who the servers take the caller for. */
    void whoAmI() {
        session.run(client -> {
            final List<ClientInfo> identities = client.whoAmI();
            output.print(
                    object(
                            "identities",
                            identities.stream()
                                    .map(who -> object("scheme", who.getAuthScheme(), "user", who.getUser()))
                                    .toList()),
                    identities.stream()
                            .map(who -> System.lineSeparator() + who.getAuthScheme() + ": " + who.getUser())
                            .collect(Collectors.joining("", "Auth scheme: User", "")));
        });
    }
}
