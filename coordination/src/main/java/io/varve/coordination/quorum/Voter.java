// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.coordination.quorum;

import java.util.List;

/**
 * A voter and where it may be reached. Addresses are hints: nothing is decided by them.
 *
 * <p>Threading: immutable.
 *
 * @param member who it is
 * @param addresses where it listens for other members, as {@code host:port}, best first
 */
public record Voter(MemberId member, List<String> addresses) {

    /**
     * Copies the addresses.
     *
     * @param member as in the record
     * @param addresses as in the record
     */
    public Voter {
        addresses = List.copyOf(addresses);
    }

    /** {@return the member's number} */
    public int id() {
        return member.id();
    }

    /** {@return whether the directory is known} */
    public boolean isBound() {
        return !member.directory().equals(MemberId.NO_DIRECTORY);
    }
}
