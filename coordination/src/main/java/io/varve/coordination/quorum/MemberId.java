// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.coordination.quorum;

import java.util.Comparator;
import java.util.UUID;

/**
 * Who a member is: the number that the operator gave it, and the directory that it keeps its log and its votes in. A member whose
 * directory was lost has forgotten what it promised; it comes back with the same number and another directory, and is somebody else.
 * Source: KIP-853.
 *
 * <p>Threading: immutable.
 *
 * @param id the number, 0 or more
 * @param directory drawn at random when the directory is formatted; {@link #NO_DIRECTORY} for a voter of which it is not known yet
 */
public record MemberId(int id, UUID directory) implements Comparable<MemberId> {

    /** The directory of a voter that a static configuration names by its number alone. */
    public static final UUID NO_DIRECTORY = new UUID(0, 0);

    private static final Comparator<MemberId> ORDER =
            Comparator.comparingInt(MemberId::id).thenComparing(MemberId::directory);

    /**
     * Checks the number.
     *
     * @param id as in the record
     * @param directory as in the record
     * @throws IllegalArgumentException when the number is negative
     */
    public MemberId {
        if (id < 0) {
            throw new IllegalArgumentException("negative member id: id=" + id);
        }
    }

    @Override
    public int compareTo(MemberId other) {
        return ORDER.compare(this, other);
    }

    /** {@return the number and the first digits of the directory} */
    @Override
    public String toString() {
        return id + "@" + directory.toString().substring(0, 8);
    }
}
