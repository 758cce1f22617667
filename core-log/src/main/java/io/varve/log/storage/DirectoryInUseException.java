// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.log.storage;

import java.io.IOException;

/** A directory belongs to a log, or to a broker, that has it open: close that first, or choose another directory. */
public final class DirectoryInUseException extends StorageException {

    private static final long serialVersionUID = 1L;

    /**
     * Says which directory it is.
     *
     * @param message what happened
     * @param cause how it was found out
     */
    public DirectoryInUseException(String message, IOException cause) {
        super(message, cause);
    }
}
