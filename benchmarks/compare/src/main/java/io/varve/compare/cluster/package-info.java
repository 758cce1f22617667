// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
/** Clusters of three brokers side by side, under Kafka's own clients. */
@NullMarked
package io.varve.compare.cluster;

import org.jspecify.annotations.NullMarked;
