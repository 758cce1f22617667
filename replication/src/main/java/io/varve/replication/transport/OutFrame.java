// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.replication.transport;

import java.util.List;

/**
 * A frame to be sent; the transport puts its length before it.
 *
 * <p>Threading: immutable.
 *
 * @param parts the pieces in their order
 * @param onReleased runs once, when the last byte was sent or never will be
 */
public record OutFrame(List<FramePart> parts, Runnable onReleased) {

    public OutFrame {
        parts = List.copyOf(parts);
    }

    /** A frame that holds nothing to be released. */
    public static OutFrame of(List<FramePart> parts) {
        return new OutFrame(parts, () -> {});
    }

    /** Length in bytes. */
    public int sizeBytes() {
        return parts.stream().mapToInt(FramePart::sizeBytes).sum();
    }
}
