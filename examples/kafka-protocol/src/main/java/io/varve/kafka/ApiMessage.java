// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.kafka;

/** A message of Kafka's protocol: a request, a response, a header or a schema carried inside one. Generated classes implement it. */
public interface ApiMessage {

    /** The oldest version that exists, inclusive. */
    short oldestVersion();

    /** The latest version that exists, inclusive. */
    short latestVersion();

    /**
     * Replaces the contents of this message by what {@code reader} holds.
     *
     * @throws ProtocolException when the bytes are not such a message
     */
    void read(MessageReader reader, short version);

    /**
     * Appends this message to {@code writer}.
     *
     * @throws IllegalArgumentException when a field is set that this version cannot carry and that is not ignorable
     */
    void write(MessageWriter writer, short version);
}
