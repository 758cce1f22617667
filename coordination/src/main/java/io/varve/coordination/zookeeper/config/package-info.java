// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
/**
 * ZooKeeper's configuration: zoo.cfg, myid and the dynamic configuration with the members of the quorum. Reads files when asked to;
 * everything else is text in, values out. Starts no thread; imports the front end's own configuration and nothing else.
 */
@NullMarked
package io.varve.coordination.zookeeper.config;

import org.jspecify.annotations.NullMarked;
