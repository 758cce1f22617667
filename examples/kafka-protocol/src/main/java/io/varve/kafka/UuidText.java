// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.kafka;

import java.nio.ByteBuffer;
import java.util.Base64;
import java.util.UUID;

/** Kafka's way to write a UUID: its sixteen bytes in URL-safe Base64, without padding. */
public final class UuidText {

    private UuidText() {}

    public static String of(UUID id) {
        byte[] bytes = ByteBuffer.allocate(16)
                .putLong(id.getMostSignificantBits())
                .putLong(id.getLeastSignificantBits())
                .array();
        return Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
    }

    /**
     * The UUID that a text stands for.
     *
     * @throws IllegalArgumentException when it stands for none
     */
    public static UUID parse(String text) {
        byte[] bytes = Base64.getUrlDecoder().decode(text);
        if (bytes.length != 16) {
            throw new IllegalArgumentException("not a UUID: text=" + text);
        }
        ByteBuffer buffer = ByteBuffer.wrap(bytes);
        return new UUID(buffer.getLong(), buffer.getLong());
    }
}
