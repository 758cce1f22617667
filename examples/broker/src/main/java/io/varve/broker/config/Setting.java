// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.config;

/**
 * One key with its value as it was written.
 *
 * <p>Threading: immutable.
 *
 * @param name the key
 * @param value the text of the value
 * @param origin where it was written
 */
public record Setting(String name, String value, Origin origin) {}
