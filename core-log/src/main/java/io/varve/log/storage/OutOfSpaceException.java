// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.log.storage;

import java.io.IOException;

/** The disk is full. Reads and deletions go on, and an append succeeds again once there is space. */
public final class OutOfSpaceException extends StorageException {

    private static final long serialVersionUID = 1L;

    /**
     * Says which file.
     *
     * @param message what happened, with the values
     * @param cause what the platform says
     */
    public OutOfSpaceException(String message, IOException cause) {
        super(message, cause);
    }
}
