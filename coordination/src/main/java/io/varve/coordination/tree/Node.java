// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.coordination.tree;

/**
 * A node as it was read.
 *
 * <p>Threading: immutable, as long as the reader leaves the data alone.
 *
 * @param data the node's bytes; the reader's own copy
 * @param stat the rest
 */
@SuppressWarnings("ArrayRecordComponent") // the bytes are the reader's own copy
public record Node(byte[] data, NodeStat stat) {}
