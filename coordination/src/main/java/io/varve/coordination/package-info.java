// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
/**
 * Agreement on the tree of nodes. Pure decisions: no threads, clocks, files or sockets.
 */
@NullMarked
package io.varve.coordination;

import org.jspecify.annotations.NullMarked;
