// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.coordination.tree;

/** One operation of a multi. */
@SuppressWarnings("ArrayRecordComponent") // handed over, never compared
public sealed interface TreeOp {

    /** The node the operation is about. */
    String path();

    /** Creates a node. */
    record Create(String path, byte[] data, CreateMode mode) implements TreeOp {}

    /** Sets a node's data; version -1 matches any. */
    record Set(String path, byte[] data, int expectedVersion) implements TreeOp {}

    /** Deletes a node; version -1 matches any. */
    record Delete(String path, int expectedVersion) implements TreeOp {}

    /** Demands that a node exists with this version; -1 matches any. Fences a multi, for example by the controller's epoch. */
    record Check(String path, int expectedVersion) implements TreeOp {}
}
