// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.transport.netty;

import java.nio.charset.StandardCharsets;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Looks at the four bytes with which a peer begins and that should be a length: they may be a word that the listener knows, or come from
 * somebody at the wrong port.
 *
 * <p>Threading: immutable.
 *
 * @param key the name by which users know the limit of a frame, for messages; may be empty
 * @param words words that a peer may begin with instead of a frame
 */
record Preamble(String key, Set<String> words) {

    /** Of a peer that was connected to: it begins with nothing of its own. */
    static final Preamble NONE = new Preamble("", Set.of());

    private static final Set<String> HTTP_VERBS =
            Set.of("GET ", "POST", "PUT ", "HEAD", "DELE", "OPTI", "PATC", "CONN", "TRAC", "PRI ");

    private static final int TLS_HANDSHAKE = 0x1603;

    Preamble {
        words = Set.copyOf(words);
    }

    /** The word that these bytes are, if they are one. */
    @Nullable
    String word(int length) {
        if (words.isEmpty()) {
            return null;
        }
        String word = text(length);
        return words.contains(word) ? word : null;
    }

    /** The key, for a message that has named the limit. */
    String maxFrameBytesKey() {
        return key.isEmpty() ? "" : " (" + key + ")";
    }

    /** A sentence for the log, empty when the bytes are nothing that is known. */
    static String hint(int length) {
        if (length >>> 16 == TLS_HANDSHAKE) {
            return "; this looks like a TLS handshake, but the listener is plaintext: "
                    + "configure the client without TLS (security.protocol=PLAINTEXT for Kafka's)";
        }
        return HTTP_VERBS.contains(text(length))
                ? "; this looks like an HTTP request, but the listener does not speak HTTP"
                : "";
    }

    /** The number whose four bytes are this word. */
    static int length(String word) {
        return word.charAt(0) << 24 | word.charAt(1) << 16 | word.charAt(2) << 8 | word.charAt(3);
    }

    private static String text(int length) {
        byte[] bytes = {(byte) (length >>> 24), (byte) (length >>> 16), (byte) (length >>> 8), (byte) length};
        return new String(bytes, StandardCharsets.ISO_8859_1);
    }
}
