// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.cli;

/** How a result is printed. */
enum OutputFormat {
    /** For people. */
    text,
    /** One JSON value on standard output, errors included; consume prints one value per line. */
    json
}
