// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.cli;

import org.jspecify.annotations.Nullable;

/**
 * A member to ask, as far as the call or a configuration tells.
 *
 * <p>Threading: immutable.
 *
 * @param id its number, or null when only the address is known
 * @param address where its clients connect
 * @param isObserver whether the configuration says that it has no vote
 */
record QuorumMember(@Nullable Integer id, ServerAddress address, boolean isObserver) {

    @Override
    public String toString() {
        return id == null ? address.toString() : "server." + id + " at " + address;
    }
}
