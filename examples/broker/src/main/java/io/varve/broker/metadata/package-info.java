// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
/**
 * The immutable image of the cluster and its follower on the tree.
 */
@NullMarked
package io.varve.broker.metadata;

import org.jspecify.annotations.NullMarked;
