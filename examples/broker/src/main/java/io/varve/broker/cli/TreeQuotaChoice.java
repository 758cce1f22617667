// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.cli;

import picocli.CommandLine.Option;

/**
 * The one limit that {@code delquota} takes away.
 *
 * <p>Threading: confined to the command's thread.
 */
final class TreeQuotaChoice {

    @Option(names = "-n", description = "The soft limit of nodes.")
    private boolean nodes;

    @Option(names = "-b", description = "The soft limit of bytes.")
    private boolean bytes;

    @Option(names = "-N", description = "The hard limit of nodes.")
    private boolean hardNodes;

    @Option(names = "-B", description = "The hard limit of bytes.")
    private boolean hardBytes;

    TreeQuota quota() {
        if (nodes) {
            return TreeQuota.NODES_SOFT;
        }
        if (bytes) {
            return TreeQuota.BYTES_SOFT;
        }
        if (hardNodes) {
            return TreeQuota.NODES_HARD;
        }
        if (hardBytes) {
            return TreeQuota.BYTES_HARD;
        }
        throw new IllegalStateException("no limit was chosen");
    }
}
