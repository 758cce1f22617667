// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
/**
 * What compaction decides: which record is the last of its key, and what stays of a batch. Starts no thread, reads no clock, and
 * touches no files but its own, which spill what does not fit into memory. Imports batch and storage.
 */
@NullMarked
package io.varve.log.compact;

import org.jspecify.annotations.NullMarked;
