// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
/**
 * Handlers of records: produce, fetch, list offsets, delete records, producer ids.
 */
@NullMarked
package io.varve.broker.data;

import org.jspecify.annotations.NullMarked;
