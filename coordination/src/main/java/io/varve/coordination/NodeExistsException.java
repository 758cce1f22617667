// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.coordination;

/** The node to be created exists. */
public final class NodeExistsException extends CoordinationException {
    private static final long serialVersionUID = 1L;

    public NodeExistsException(String message) {
        super(message);
    }
}
