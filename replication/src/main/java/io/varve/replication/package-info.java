// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
/**
 * One log on several machines: where logs agree, and where one that does not is cut. Pure decisions: no threads, clocks, files or sockets.
 */
@NullMarked
package io.varve.replication;

import org.jspecify.annotations.NullMarked;
