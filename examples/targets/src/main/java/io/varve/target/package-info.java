// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
/**
 * Quorums to aim at, Varve's and Apache ZooKeeper's, and clusters of brokers, Varve's and Apache Kafka's: each member and each broker a
 * process of its own that can be killed, and the network between brokers one that can be cut. For system tests and comparisons, which know
 * a quorum by its connect string and a cluster by its bootstrap servers alone. Depends on nothing but the JDK.
 */
@NullMarked
package io.varve.target;

import org.jspecify.annotations.NullMarked;
