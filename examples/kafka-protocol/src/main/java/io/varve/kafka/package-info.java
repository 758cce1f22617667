// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
/**
 * The encoding of Kafka's wire messages: a reader, a writer, and what messages are made of. The messages themselves are generated
 * from Kafka's JSON specifications into {@code io.varve.kafka.message}. Knows no broker; record bytes stay opaque. No threads;
 * imports the JDK only.
 */
@NullMarked
package io.varve.kafka;

import org.jspecify.annotations.NullMarked;
