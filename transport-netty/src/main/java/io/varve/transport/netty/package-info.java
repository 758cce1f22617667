// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
/**
 * The transport over TCP, and the listener that the Kafka and ZooKeeper front ends sit on. The only door to Netty.
 */
@NullMarked
package io.varve.transport.netty;

import org.jspecify.annotations.NullMarked;
