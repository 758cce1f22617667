// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.coordination.quorum;

import io.varve.replication.OffsetAndEpoch;

/**
 * What is known of a snapshot beside the bytes of the machine.
 *
 * <p>Threading: immutable.
 *
 * @param end the offset of the first entry that is not in it, and the epoch of the last that is; its name
 * @param members the voters as of there
 */
public record QuorumSnapshot(OffsetAndEpoch end, QuorumMembers members) {}
