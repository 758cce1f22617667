// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.kafka;

/**
 * A message of Kafka's protocol: a request, a response, a header or a schema carried inside one. Generated classes implement it.
 *
 * <p>Bytes and records a message was read with are views of the reader's buffer, valid as long as that buffer's content is.
 *
 * <p>Threading: implementations are confined to one thread at a time.
 */
public interface ApiMessage {

    /** The oldest version that exists, inclusive. */
    short oldestVersion();

    /** The latest version that exists, inclusive; it may be one that is still unstable. */
    short latestVersion();

    /**
     * Replaces the contents of this message by what {@code reader} holds. Fields that {@code version} does not carry get their
     * default. Stops behind the last byte of the message; bytes that follow stay unread.
     *
     * @throws ProtocolException when the version does not exist or the bytes are not such a message; the contents are unspecified
     *     then
     */
    void read(MessageReader reader, short version);

    /**
     * Appends this message to {@code writer}.
     *
     * @throws IllegalArgumentException when the version does not exist, when a field is set that it cannot carry and that is not
     *     ignorable, or when null stands where it allows none; what was written is unspecified then
     */
    void write(MessageWriter writer, short version);
}
