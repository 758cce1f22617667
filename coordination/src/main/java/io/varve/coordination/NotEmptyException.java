// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.coordination;

/** The node to be deleted has children. */
public final class NotEmptyException extends CoordinationException {
    private static final long serialVersionUID = 1L;

    public NotEmptyException(String message) {
        super(message);
    }
}
