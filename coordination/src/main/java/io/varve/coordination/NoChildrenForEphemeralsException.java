// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.coordination;

/** An ephemeral node can have no children. */
public final class NoChildrenForEphemeralsException extends CoordinationException {
    private static final long serialVersionUID = 1L;

    public NoChildrenForEphemeralsException(String message) {
        super(message);
    }
}
