// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
/**
 * The sparse lookup from offset and time to position, checksummed and never believed without proof.
 */
@NullMarked
package io.varve.log.index;

import org.jspecify.annotations.NullMarked;
