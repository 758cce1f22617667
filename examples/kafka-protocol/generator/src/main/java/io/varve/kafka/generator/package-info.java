// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
/**
 * Makes Java classes out of Kafka's message specifications. Runs when the protocol module is built, never in a broker.
 */
@NullMarked
package io.varve.kafka.generator;

import org.jspecify.annotations.NullMarked;
