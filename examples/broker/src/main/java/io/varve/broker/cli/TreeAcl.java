// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.cli;

import static io.varve.broker.cli.Printer.object;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.zookeeper.ZKUtil;
import org.apache.zookeeper.data.ACL;
import org.apache.zookeeper.data.Id;

/** Access control lists as people type them: {@code SCHEME:ID:PERMISSIONS[,..]}, permissions as letters of cdrwa. */
final class TreeAcl {

    /** In the order of the bits of a permission. */
    private static final String LETTERS = "rwcda";

    private TreeAcl() {}

    /** Understands what was typed. Unlike zkCli it leaves nothing out that it does not understand, but fails. */
    static List<ACL> parse(String text) {
        final List<ACL> acls = new ArrayList<>();
        for (String entry : text.split(",", -1)) {
            final int first = entry.indexOf(':');
            final int last = entry.lastIndexOf(':');
            if (first <= 0 || first == last) {
                throw wrong(entry, "not of the form SCHEME:ID:PERMISSIONS");
            }
            acls.add(new ACL(
                    permissions(entry, entry.substring(last + 1)),
                    new Id(entry.substring(0, first), entry.substring(first + 1, last))));
        }
        return acls;
    }

    private static int permissions(String entry, String letters) {
        int permissions = 0;
        for (int i = 0; i < letters.length(); i++) {
            final int bit = LETTERS.indexOf(letters.charAt(i));
            if (bit < 0) {
                throw wrong(entry, "unknown permission: " + letters.charAt(i));
            }
            permissions |= 1 << bit;
        }
        return permissions;
    }

    private static CommandFailure wrong(String entry, String why) {
        return new CommandFailure(
                CommandFailure.USAGE, "not an ACL: " + entry + ": " + why + "; an example is world:anyone:cdrwa");
    }

    /** In zkCli's words, one entry after the other. */
    static String text(List<ACL> acls) {
        final List<String> entries = new ArrayList<>();
        for (ACL acl : acls) {
            entries.add(acl.getId() + ": " + ZKUtil.getPermString(acl.getPerms()));
        }
        return String.join(System.lineSeparator(), entries);
    }

    static List<Map<String, Object>> json(List<ACL> acls) {
        return acls.stream()
                .map(acl -> object(
                        "scheme", acl.getId().getScheme(),
                        "id", acl.getId().getId(),
                        "permissions", ZKUtil.getPermString(acl.getPerms())))
                .toList();
    }
}
