// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
/**
 * The files of one member of the quorum: its identity, its votes, its log on core-log and its snapshots. Starts no thread; imports
 * {@code io.varve.coordination.quorum} and {@code io.varve.log}.
 */
@NullMarked
package io.varve.coordination.disk;

import org.jspecify.annotations.NullMarked;
