// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.coordination.tree;

import java.util.List;

/**
 * One change that is asked of the tree, or a condition for others.
 *
 * <p>Threading: immutable, as long as nobody touches the data.
 */
@SuppressWarnings("ArrayRecordComponent") // handed over, never compared
public sealed interface TreeOp {

    /** Matches any version. */
    int ANY_VERSION = -1;

    /** No bytes. */
    byte[] EMPTY = {};

    /**
     * No data: what a client of ZooKeeper calls null. Empty like {@link #EMPTY} and told apart from it by identity, which the format of
     * commands and snapshots keeps.
     */
    byte[] NO_DATA = {};

    /** The node the operation is about. */
    String path();

    /**
     * Creates a node.
     *
     * @param path absolute path; its parent must exist. Sequential modes append ten digits to it.
     * @param data the node's bytes; the tree keeps the array
     * @param acl its access list, not empty
     * @param mode how long it lives and how it is named
     * @param ttlMs time to live in milliseconds, from 1 to {@link #MAX_TTL_MS}, for modes that have one; ignored for others
     */
    record Create(String path, byte[] data, List<Acl> acl, CreateMode mode, long ttlMs) implements TreeOp {

        public Create {
            acl = List.copyOf(acl);
        }

        /** A node that is open to everybody, without a time to live. */
        public Create(String path, byte[] data, CreateMode mode) {
            this(path, data, Acl.OPEN, mode, 0);
        }
    }

    /** Largest time to live in milliseconds, inclusive: what 40 bits hold. */
    long MAX_TTL_MS = (1L << 40) - 1;

    /** Sets a node's data; version {@link #ANY_VERSION} matches any. The tree keeps the array. */
    record Set(String path, byte[] data, int expectedVersion) implements TreeOp {}

    /** Deletes a node without children; version {@link #ANY_VERSION} matches any. */
    record Delete(String path, int expectedVersion) implements TreeOp {}

    /** Sets a node's access list; {@code expectedVersion} is that of the access list (aversion), or {@link #ANY_VERSION}. */
    record SetAcl(String path, List<Acl> acl, int expectedVersion) implements TreeOp {

        public SetAcl {
            acl = List.copyOf(acl);
        }
    }

    /**
     * Demands that a node exists with this version; {@link #ANY_VERSION} matches any. Fences a multi, for example by the controller's
     * epoch.
     */
    record Check(String path, int expectedVersion) implements TreeOp {}
}
