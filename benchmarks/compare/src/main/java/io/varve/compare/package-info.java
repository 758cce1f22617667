// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
/** Quorums side by side: the same load from the same client on the same machine, in turns. */
@NullMarked
package io.varve.compare;

import org.jspecify.annotations.NullMarked;
