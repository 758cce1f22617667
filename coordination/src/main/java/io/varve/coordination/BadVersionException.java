// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.coordination;

/** The node's version is not the one that was expected. */
public final class BadVersionException extends CoordinationException {
    private static final long serialVersionUID = 1L;

    public BadVersionException(String message) {
        super(message);
    }
}
