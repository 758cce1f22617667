// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.admin;

/** The kinds of things that have a configuration, with the protocol's numbers. */
final class ConfigResources {

    static final byte TOPIC = 2;
    static final byte BROKER = 4;

    private ConfigResources() {}
}
