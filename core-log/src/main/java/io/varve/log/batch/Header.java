// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.log.batch;

import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * A header of a record.
 *
 * <p>Threading: immutable, as long as nobody moves the value.
 *
 * @param key the name; may occur several times in one record
 * @param value the bytes, from position to limit
 */
public record Header(String key, @Nullable ByteBuffer value) {}
