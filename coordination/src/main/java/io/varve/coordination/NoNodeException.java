// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.coordination;

/** The node does not exist, or the parent of a node to be created. */
public final class NoNodeException extends CoordinationException {
    private static final long serialVersionUID = 1L;

    public NoNodeException(String message) {
        super(message);
    }
}
