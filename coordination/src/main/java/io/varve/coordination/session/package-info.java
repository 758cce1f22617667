// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
/** When sessions end. Pure: no threads, clocks or files. */
@NullMarked
package io.varve.coordination.session;

import org.jspecify.annotations.NullMarked;
