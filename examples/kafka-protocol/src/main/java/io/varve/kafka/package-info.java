// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
/**
 * Kafka's wire messages, generated from its JSON specifications. Knows no broker; record bytes stay opaque.
 */
@NullMarked
package io.varve.kafka;

import org.jspecify.annotations.NullMarked;
