// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.coordination.tree;

/**
 * The connection through which a session acts at present.
 *
 * <p>Threading: immutable.
 *
 * @param member id of the member that has the connection
 * @param connection number of the connection, given by the member and never given again by it; negative when the client is the
 *     member's own process
 */
public record SessionOwner(int member, long connection) {

    /** {@return whether the client is in the member's process, and ends with it} */
    public boolean isOfProcess() {
        return connection < 0;
    }
}
