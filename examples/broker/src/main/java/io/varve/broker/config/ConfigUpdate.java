// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.config;

/** When a changed value takes effect. */
public enum ConfigUpdate {
    /** At the next start of the broker. */
    READ_ONLY("at the next start"),
    /** At once, for one broker or for all. */
    CLUSTER_WIDE("while running");

    private final String label;

    ConfigUpdate(String label) {
        this.label = label;
    }

    /** The words that {@code config explain} uses. */
    public String label() {
        return label;
    }
}
