// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.kafka;

import java.nio.ByteBuffer;

/**
 * A tagged field that the specification does not know (KIP-482); it is kept as it came.
 *
 * <p>Threading: immutable, as long as nobody moves the data.
 *
 * @param tag its number, unsigned
 * @param data its bytes, from position to limit
 */
public record TaggedField(int tag, ByteBuffer data) {}
