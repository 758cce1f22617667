// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
/**
 * System tests of a cluster from outside: Kafka's clients as they are published, against brokers in processes of their own that are
 * killed, paused, cut off and started again.
 *
 * <p>They aim at what {@code -Dvarve.target} says, {@code varve} or {@code kafka}; Varve's cluster keeps its state where {@code
 * -Dvarve.engine} says, in the {@code quorum} of its brokers or in an ensemble of {@code zookeeper}. All of them pass against Apache Kafka
 * itself: one that does not is wrong. And all of them can fail: {@code -Dvarve.writer=acks=1,enable.idempotence=false} gives the writer
 * other settings, with which a cluster may lose what it acknowledged.
 */
@NullMarked
package io.varve.broker.system.cluster;

import org.jspecify.annotations.NullMarked;
