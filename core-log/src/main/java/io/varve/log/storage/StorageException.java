// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.log.storage;

import java.io.IOException;
import java.io.UncheckedIOException;

/** Reading or writing failed. A log that was writing is failed from then on: close it, reopen it or fail over. */
public class StorageException extends UncheckedIOException {

    private static final long serialVersionUID = 1L;

    /**
     * Says which file.
     *
     * @param message what happened, with the values
     * @param cause what the platform says
     */
    public StorageException(String message, IOException cause) {
        super(message, cause);
    }
}
