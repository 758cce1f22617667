// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
/**
 * System tests of a quorum from outside: the clients of Apache ZooKeeper's world as they are published, against members in processes
 * of their own.
 *
 * <p>They aim at what {@code -Dvarve.target} says, {@code apache} or {@code varve}, with {@code -Dvarve.target.members} members. All
 * of them pass against Apache ZooKeeper itself: one that does not is wrong.
 */
@NullMarked
package io.varve.broker.system.quorum;

import org.jspecify.annotations.NullMarked;
