// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
/**
 * Side by side: the same load from the same client on the same machine, in turns. Here are quorums, and what all comparisons have in
 * common.
 */
@NullMarked
package io.varve.compare;

import org.jspecify.annotations.NullMarked;
