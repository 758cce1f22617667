// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
/**
 * The transport over Aeron IPC and UDP. The only door to Aeron.
 */
@NullMarked
package io.varve.transport.aeron;

import org.jspecify.annotations.NullMarked;
