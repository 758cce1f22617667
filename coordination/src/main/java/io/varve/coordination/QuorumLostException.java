// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.coordination;

/** No majority of the quorum can be reached; the operation may or may not take effect. */
public final class QuorumLostException extends CoordinationException {
    private static final long serialVersionUID = 1L;

    public QuorumLostException(String message) {
        super(message);
    }
}
