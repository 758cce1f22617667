// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
/**
 * Threads and binding: the Coordinator interface and what stands behind it.
 */
@NullMarked
package io.varve.coordination.agent;

import org.jspecify.annotations.NullMarked;
