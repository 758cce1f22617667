// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.coordination.tree;

/** The rules for the paths of nodes; ZooKeeper's. */
final class TreePaths {

    private TreePaths() {}

    /** Refuses what is not an absolute path in its shortest form. */
    static void require(String path) {
        String fault = fault(path);
        if (!fault.isEmpty()) {
            throw new IllegalArgumentException("invalid path: path=" + path + ", " + fault);
        }
    }

    private static String fault(String path) {
        if (!path.startsWith("/")) {
            return "it must begin with /";
        }
        if (path.length() == 1) {
            return "";
        }
        if (path.endsWith("/")) {
            return "it must not end with /";
        }
        for (String name : path.substring(1).split("/", -1)) {
            if (name.isEmpty() || name.equals(".") || name.equals("..")) {
                return "it has an empty or relative name";
            }
        }
        boolean control = path.chars()
                .anyMatch(c -> c <= 0x1f || (c >= 0x7f && c <= 0x9f) || (c >= 0xd800 && c <= 0xf8ff) || c >= 0xfff0);
        return control ? "it has a character that is not allowed" : "";
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

    /** Whether a path is {@code root} or below it. */
    static boolean isAtOrBelow(String root, String path) {
        return path.equals(root) || root.equals("/") || path.startsWith(root + "/");
    }
}
