// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
/**
 * Agreement of a few members on one log by majority: elections, replication, snapshots and changes of the membership.
 *
 * <p>Pure: {@link io.varve.coordination.quorum.QuorumMember#step} takes an event and the time and returns what is to be done. No threads,
 * clocks, files, sockets or randomness but those handed in; confined to the thread of its owner. Imports {@code io.varve.replication}.
 */
@NullMarked
package io.varve.coordination.quorum;

import org.jspecify.annotations.NullMarked;
