// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.coordination.agent;

/** Is told how the session of a {@link Coordinator} fares. */
@FunctionalInterface
public interface SessionListener {

    /** The states of a session. Legal transitions: CONNECTED to SUSPENDED and back; either to LOST, which is final. */
    enum State {
        /** Operations are served. */
        CONNECTED,
        /** No server is reachable; the session may still be alive. */
        SUSPENDED,
        /** The session expired or was closed; its ephemeral nodes are gone. */
        LOST
    }

    /** The session is now in {@code state}. */
    void onState(State state);
}
