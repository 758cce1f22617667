// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.coordination.zookeeper;

import org.jspecify.annotations.Nullable;

/**
 * A client's wish to change the members of the quorum, in ZooKeeper's terms; either the first two say what changes, or the third says
 * what is to be.
 *
 * <p>Threading: immutable.
 *
 * @param joining {@code server.N=...} lines with commas between, or null
 * @param leaving numbers of members with commas between, or null
 * @param newMembers {@code server.N=...} lines with commas or line ends between, or null
 * @param expectedVersion version of the configuration that the change is about, -1 for any
 */
public record MembershipChange(
        @Nullable String joining, @Nullable String leaving, @Nullable String newMembers, long expectedVersion) {}
