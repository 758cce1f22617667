// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.metadata;

/** A node of the tree holds something else than what it should. */
final class IncomprehensibleNodeException extends RuntimeException {

    private static final long serialVersionUID = 1L;

    IncomprehensibleNodeException(String path, RuntimeException cause) {
        super(
                "a node cannot be understood: path=" + path
                        + "; its data must be what the broker writes, see cluster-tree",
                cause);
    }
}
