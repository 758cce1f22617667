// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.transport.netty;

import java.nio.charset.StandardCharsets;
import java.util.Set;

/** Recognises what some peers say that have come to the wrong port, by the four bytes that should be a length. */
final class Preamble {

    private static final Set<String> HTTP_VERBS =
            Set.of("GET ", "POST", "PUT ", "HEAD", "DELE", "OPTI", "PATC", "CONN", "TRAC", "PRI ");

    private static final int TLS_HANDSHAKE = 0x1603;

    private Preamble() {}

    /** A sentence for the log, empty when the bytes are nothing that is known. */
    static String hint(int length) {
        if (length >>> 16 == TLS_HANDSHAKE) {
            return "; this looks like a TLS handshake, but the listener is plaintext: set security.protocol=PLAINTEXT in the client";
        }
        byte[] bytes = {(byte) (length >>> 24), (byte) (length >>> 16), (byte) (length >>> 8), (byte) length};
        if (HTTP_VERBS.contains(new String(bytes, StandardCharsets.ISO_8859_1))) {
            return "; this looks like an HTTP request, but the listener speaks Kafka's protocol";
        }
        return "";
    }
}
