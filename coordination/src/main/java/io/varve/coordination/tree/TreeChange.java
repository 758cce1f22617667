// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.coordination.tree;

import java.util.List;

/**
 * One change of the tree as it happened, for the watches. It carries the access lists by which a watcher may know of it: that of the
 * node and, when a child came or went, that of its parent.
 *
 * <p>Threading: immutable.
 */
public sealed interface TreeChange {

    /** The node that changed. */
    String path();

    /** The node's access list when it changed; for a node that went, its last. */
    List<Acl> acl();

    /** A node came into being. */
    record Created(String path, List<Acl> acl, List<Acl> parentAcl) implements TreeChange {}

    /** A node's data was replaced. */
    record DataSet(String path, List<Acl> acl) implements TreeChange {}

    /** A node's access list was replaced; no watch is told. */
    record AclSet(String path, List<Acl> acl) implements TreeChange {}

    /** A node went. */
    record Deleted(String path, List<Acl> acl, List<Acl> parentAcl) implements TreeChange {}
}
