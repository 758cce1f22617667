// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.config;

/**
 * Another name under which the value of a key may be given, as log.retention.hours for log.retention.ms.
 *
 * <p>Threading: immutable.
 *
 * @param name the other key, of the broker
 * @param factor what a value of the other key is multiplied with; 1 takes the text as it is
 */
public record ConfigSynonym(String name, long factor) {

    /** The text of the other key in the unit of this one; a negative number means "none" in every unit. */
    String convert(String text) {
        if (factor == 1) {
            return text;
        }
        final long value = Long.parseLong(text.trim());
        return Long.toString(value < 0 ? value : Math.multiplyExact(value, factor));
    }
}
