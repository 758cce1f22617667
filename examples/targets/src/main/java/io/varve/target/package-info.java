// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
/**
 * Quorums to aim at: Varve's and Apache ZooKeeper's, each member a process of its own that can be killed. For system tests and
 * comparisons, which know a quorum by its connect string alone. Depends on nothing but the JDK.
 */
@NullMarked
package io.varve.target;

import org.jspecify.annotations.NullMarked;
