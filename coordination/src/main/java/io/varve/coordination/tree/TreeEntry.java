// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.coordination.tree;

/**
 * A command as it stands in the quorum's log.
 *
 * <p>Threading: immutable, as long as nobody touches the bytes of the command.
 *
 * @param timeMs when the leader took it, milliseconds since the epoch
 */
public record TreeEntry(long timeMs, TreeCommand command) {}
