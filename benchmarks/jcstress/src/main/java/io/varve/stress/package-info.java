// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
/**
 * What a reader of a log may see while the writer changes it, asked a few hundred million times.
 *
 * <p>Threads: a writer and a reader, those of jcstress. May import jcstress and core-log.
 */
@NullMarked
package io.varve.stress;

import org.jspecify.annotations.NullMarked;
