// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.log;

/** A log refuses an operation; each subclass names one decision that a caller can take. */
public class LogException extends RuntimeException {

    private static final long serialVersionUID = 1L;

    public LogException(String message) {
        super(message);
    }

    public LogException(String message, Throwable cause) {
        super(message, cause);
    }
}
