// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.cli;

import java.io.IOException;
import java.io.InputStream;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.concurrent.TimeUnit;

/** ZooKeeper's four-letter words: four bytes to the port of the clients, then text until the server hangs up. */
final class FourLetterWord {

    /** What no answer exceeds; the longest, mntr, has some tens of thousands. */
    private static final int MAX_ANSWER_BYTES = 1 << 20;

    private FourLetterWord() {}

    /**
     * Asks a server.
     *
     * @param timeoutMs to connect, and again until the answer has ended
     */
    static String ask(ServerAddress server, String word, int timeoutMs) throws IOException {
        try (Socket socket = server.connect(timeoutMs)) {
            final long deadlineNs = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(timeoutMs);
            socket.getOutputStream().write(word.getBytes(StandardCharsets.US_ASCII));
            final InputStream in = socket.getInputStream();
            byte[] answer = new byte[4096];
            int length = 0;
            int count;
            while ((count = in.read(answer, length, answer.length - length)) >= 0) {
                length += count;
                if (length > MAX_ANSWER_BYTES) {
                    throw new IOException("answer to " + word + " is longer than " + MAX_ANSWER_BYTES + " bytes");
                }
                if (System.nanoTime() - deadlineNs > 0) {
                    throw new SocketTimeoutException();
                }
                if (length == answer.length) {
                    answer = Arrays.copyOf(answer, 2 * length);
                }
            }
            return new String(answer, 0, length, StandardCharsets.UTF_8);
        }
    }
}
