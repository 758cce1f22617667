// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
/**
 * When sessions end for want of a sign of life. Pure; confined to the thread of the leader.
 */
@NullMarked
package io.varve.coordination.session;

import org.jspecify.annotations.NullMarked;
