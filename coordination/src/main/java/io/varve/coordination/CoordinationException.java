// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.coordination;

/** An operation on the tree was refused or could not be carried out; each subclass names one decision a caller can take. */
public class CoordinationException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    public CoordinationException(String message) {
        super(message);
    }

    public CoordinationException(String message, Throwable cause) {
        super(message, cause);
    }
}
