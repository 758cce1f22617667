// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
/**
 * The record-batch layout: its one home. Kafka's RecordBatch v2, byte for byte. Imports nothing of Varve but exceptions of its own.
 */
@NullMarked
package io.varve.log.batch;

import org.jspecify.annotations.NullMarked;
