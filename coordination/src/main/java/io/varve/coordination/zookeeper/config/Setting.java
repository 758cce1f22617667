// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.coordination.zookeeper.config;

import java.util.Locale;

/**
 * One key with its value and where it stands.
 *
 * @param line from 1
 */
record Setting(String key, String value, String file, int line) {

    /** For messages; a value that may be a secret is not shown. */
    String shown() {
        final String name = key.toLowerCase(Locale.ROOT);
        return name.contains("password") || name.endsWith("superdigest") ? key : key + "=" + value;
    }
}
