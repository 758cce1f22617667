// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
/**
 * ZooKeeper's client protocol: frames in, frames out. Holds no socket, thread, clock or file; everything is confined to the thread of
 * the member. Imports the tree, never the agent or a transport.
 */
@NullMarked
package io.varve.coordination.zookeeper;

import org.jspecify.annotations.NullMarked;
