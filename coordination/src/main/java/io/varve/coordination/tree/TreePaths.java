// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.coordination.tree;

import java.util.List;

/** The rules for the paths of nodes; ZooKeeper's. */
public final class TreePaths {

    /** What the tree has from the start, and the quorum's own. */
    static final String ZOOKEEPER = "/zookeeper";

    /** Below it stand limits and statistics of quotas. */
    static final String QUOTA = "/zookeeper/quota";

    /** The quorum's members. */
    static final String CONFIG = "/zookeeper/config";

    /** The nodes that a tree has from the start and cannot do without. */
    static final List<String> LASTING = List.of("/", ZOOKEEPER, QUOTA, CONFIG);

    private TreePaths() {}

    /**
     * Refuses what is no path.
     *
     * @throws IllegalArgumentException when it is not absolute, not in its shortest form, or has a character that is not allowed
     */
    public static void require(String path) {
        String fault = fault(path);
        if (!fault.isEmpty()) {
            throw new IllegalArgumentException("invalid path: path=" + path + ", " + fault);
        }
    }

    /** Whether a path is absolute, in its shortest form and without characters that are not allowed. */
    static boolean isValid(String path) {
        return fault(path).isEmpty();
    }

    /** Whether the tree cannot do without a node. */
    static boolean isLasting(String path) {
        return LASTING.contains(path);
    }

    /** What is wrong with a path; empty when nothing is. */
    static String fault(String path) {
        if (!path.startsWith("/")) {
            return "it must begin with /";
        }
        if (path.length() == 1) {
            return "";
        }
        if (path.endsWith("/")) {
            return "it must not end with /";
        }
        for (int from = 1, to = end(path, from); from <= path.length(); from = to + 1, to = end(path, from)) {
            boolean relative =
                    path.startsWith(".", from) && (to == from + 1 || (to == from + 2 && path.charAt(from + 1) == '.'));
            if (to == from || relative) {
                return "it has an empty or relative name";
            }
        }
        for (int i = 0; i < path.length(); i++) {
            if (!isAllowed(path.charAt(i))) {
                return "it has a character that is not allowed";
            }
        }
        return "";
    }

    /** Where the name that begins at an index ends. */
    private static int end(String path, int from) {
        int slash = path.indexOf('/', from);
        return slash < 0 ? path.length() : slash;
    }

    private static boolean isAllowed(char c) {
        return c > 0x1f && (c < 0x7f || c > 0x9f) && (c < 0xd800 || c > 0xf8ff) && c < 0xfff0;
    }

    /** The path of a node's parent. */
    static String parent(String path) {
        int slash = path.lastIndexOf('/');
        return slash == 0 ? "/" : path.substring(0, slash);
    }

    /** The name of a node under its parent. */
    static String name(String path) {
        return path.substring(path.lastIndexOf('/') + 1);
    }
}
