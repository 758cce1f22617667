// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.cli;

import static io.varve.broker.cli.Printer.object;

import java.util.Map;
import org.apache.zookeeper.StatsTrack;

/** What a quota can limit: nodes or bytes, softly (the server only warns) or hard (it refuses). */
enum TreeQuota {
    NODES_SOFT("count"),
    BYTES_SOFT("bytes"),
    NODES_HARD("countHardLimit"),
    BYTES_HARD("byteHardLimit");

    /** The value of a limit that is not set. */
    private static final long NONE = -1;

    private final String text;

    TreeQuota(String text) {
        this.text = text;
    }

    /** Limits of which none is set. */
    static StatsTrack none() {
        final StatsTrack limits = new StatsTrack();
        for (TreeQuota quota : values()) {
            quota.unset(limits);
        }
        return limits;
    }

    /** {@link #NONE} when it is not set. */
    private long get(StatsTrack limits) {
        return switch (this) {
            case NODES_SOFT -> limits.getCount();
            case BYTES_SOFT -> limits.getBytes();
            case NODES_HARD -> limits.getCountHardLimit();
            case BYTES_HARD -> limits.getByteHardLimit();
        };
    }

    void set(StatsTrack limits, long value) {
        switch (this) {
            case NODES_SOFT -> limits.setCount(value);
            case BYTES_SOFT -> limits.setBytes(value);
            case NODES_HARD -> limits.setCountHardLimit(value);
            case BYTES_HARD -> limits.setByteHardLimit(value);
        }
    }

    void unset(StatsTrack limits) {
        set(limits, NONE);
    }

    boolean isOfNodes() {
        return this == NODES_SOFT || this == NODES_HARD;
    }

    /** How much of what this limits is used. */
    long used(StatsTrack used) {
        return isOfNodes() ? used.getCount() : used.getBytes();
    }

    /** The limits by the names that ZooKeeper stores them under; null where none is set. */
    static Map<String, Object> json(StatsTrack limits) {
        final Map<String, Object> json = object();
        for (TreeQuota quota : values()) {
            final long value = quota.get(limits);
            json.putAll(object(quota.text, value == NONE ? null : value));
        }
        return json;
    }
}
