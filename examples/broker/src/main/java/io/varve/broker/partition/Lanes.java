// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.partition;

import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;

/**
 * The lanes of a broker; partitions are dealt out in turn.
 *
 * <p>Threading: safe.
 */
public final class Lanes implements AutoCloseable {

    private final List<Lane> lanes;
    private final AtomicInteger next = new AtomicInteger();

    public Lanes(int count) {
        this.lanes = IntStream.range(0, count).mapToObj(Lane::new).toList();
    }

    /** The lane whose turn it is. */
    public Lane next() {
        return lanes.get(Math.floorMod(next.getAndIncrement(), lanes.size()));
    }

    @Override
    public void close() {
        lanes.forEach(Lane::close);
    }
}
