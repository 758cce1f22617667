// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
/**
 * The one shape for replicated state: decide, append, apply on commit, reply. Pure; imports nothing of Varve.
 */
@NullMarked
package io.varve.replication.machine;

import org.jspecify.annotations.NullMarked;
