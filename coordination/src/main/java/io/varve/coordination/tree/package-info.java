// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
/**
 * The tree of nodes as a deterministic machine. Pure; confined to the thread of its owner.
 */
@NullMarked
package io.varve.coordination.tree;

import org.jspecify.annotations.NullMarked;
