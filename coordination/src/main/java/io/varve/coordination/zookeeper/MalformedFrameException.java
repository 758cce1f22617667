// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.coordination.zookeeper;

/** A frame does not hold what its kind must hold. It never leaves the package: the request fails, or the connection is closed. */
final class MalformedFrameException extends RuntimeException {

    MalformedFrameException(String message) {
        super(message);
    }
}
