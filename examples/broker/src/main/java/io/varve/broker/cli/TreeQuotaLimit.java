// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.cli;

import java.util.Objects;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/**
 * The one limit that {@code setquota} sets.
 *
 * <p>Threading: confined to the command's thread.
 */
final class TreeQuotaLimit {

    @Option(names = "-n", paramLabel = "N", description = "So many nodes; the servers only warn.")
    private @Nullable Long nodes;

    @Option(names = "-b", paramLabel = "BYTES", description = "So many bytes; the servers only warn.")
    private @Nullable Long bytes;

    @Option(names = "-N", paramLabel = "N", description = "So many nodes; the servers refuse more.")
    private @Nullable Long hardNodes;

    @Option(names = "-B", paramLabel = "BYTES", description = "So many bytes; the servers refuse more.")
    private @Nullable Long hardBytes;

    TreeQuota quota() {
        if (nodes != null) {
            return TreeQuota.NODES_SOFT;
        }
        if (bytes != null) {
            return TreeQuota.BYTES_SOFT;
        }
        return hardNodes != null ? TreeQuota.NODES_HARD : TreeQuota.BYTES_HARD;
    }

    long value() {
        return Stream.of(nodes, bytes, hardNodes, hardBytes)
                .filter(Objects::nonNull)
                .findFirst()
                .orElseThrow();
    }
}
