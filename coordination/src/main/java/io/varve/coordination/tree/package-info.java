// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
/**
 * The tree of nodes and its sessions as one deterministic machine: commands in, results and changes out; its watches, its formats and its
 * snapshots.
 *
 * <p>Naming: a {@code TreeCommand} is what is asked, a {@code TreeResult} what came of it, a {@code TreeChange} what watches are told of.
 * Pure; confined to the thread of the member.
 */
@NullMarked
package io.varve.coordination.tree;

import org.jspecify.annotations.NullMarked;
