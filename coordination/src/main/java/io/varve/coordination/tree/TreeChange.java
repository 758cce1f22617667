// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.coordination.tree;

/**
 * One change of the tree, decided.
 *
 * <p>Threading: immutable, as long as nobody touches the data.
 */
@SuppressWarnings("ArrayRecordComponent") // handed over, never compared
public sealed interface TreeChange {

    /** The node that changes. */
    String path();

    /** A node comes into being; owner 0 for one that is not ephemeral. */
    record Created(String path, byte[] data, long ephemeralOwner) implements TreeChange {}

    /** A node's data is replaced. */
    record DataSet(String path, byte[] data) implements TreeChange {}

    /** A node goes. */
    record Deleted(String path) implements TreeChange {}
}
