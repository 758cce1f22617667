// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.benchmarks.log;

import java.nio.file.Path;

/** The contenders by name. */
final class Contenders {

    private static final String VARVE = "varve-";

    private Contenders() {}

    /** Opens a contender's log, which is there already or not; what {@code varve-} is followed by names the storage. */
    static AppendTarget open(String name, Path directory, int segmentBytes) {
        if (name.startsWith(VARVE)) {
            return VarveLog.open(name.substring(VARVE.length()), directory, segmentBytes);
        }
        return switch (name) {
            case "kafka-leader" -> KafkaLog.leader(directory, segmentBytes);
            case "kafka-follower" -> KafkaLog.follower(directory, segmentBytes);
            case "kafka-no-checkpoint" -> KafkaLog.withoutCheckpoint(directory, segmentBytes);
            case "chronicle-queue" -> ChronicleLog.open(directory, segmentBytes);
            case "file-channel" -> PlainLog.channel(directory, segmentBytes);
            case "mapped-buffer" -> PlainLog.mapped(directory, segmentBytes);
            default -> throw new IllegalArgumentException("no such contender: name=" + name);
        };
    }
}
