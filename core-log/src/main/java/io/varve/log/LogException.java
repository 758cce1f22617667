// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.log;

/** A log refuses an operation; each subclass names one decision that a caller can take. */
public class LogException extends RuntimeException {

    private static final long serialVersionUID = 1L;

    /**
     * Says what happened.
     *
     * @param message what happened, with the values
     */
    public LogException(String message) {
        super(message);
    }

    /**
     * Says what happened and why.
     *
     * @param message what happened, with the values
     * @param cause why
     */
    public LogException(String message, Throwable cause) {
        super(message, cause);
    }
}
