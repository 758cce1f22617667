// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.coordination.zookeeper;

import java.nio.ByteBuffer;

/**
 * The first frame of a client:
 *
 * <pre>
 *   int protocolVersion | long lastZxidSeen | int timeOut | long sessionId | buffer passwd | byte readOnly
 * </pre>
 *
 * <p>and the answer:
 *
 * <pre>
 *   int protocolVersion | int timeOut | long sessionId | buffer passwd | byte readOnly
 * </pre>
 *
 * <p>Clients of 3.3 and before neither send nor expect the last byte.
 *
 * @param seenZxid last transaction the client knows of
 * @param timeoutMs the timeout it asks for, milliseconds
 * @param sessionId the session it wants back, 0 for a new one
 * @param knowsReadOnly whether the last byte was there
 */
@SuppressWarnings("ArrayRecordComponent") // handed over, never compared
record Handshake(long seenZxid, int timeoutMs, long sessionId, byte[] password, boolean knowsReadOnly) {

    private static final int PROTOCOL_VERSION = 0;

    /** The answer to a client whose session is gone. */
    private static final byte[] NO_PASSWORD = new byte[16];

    static Handshake read(ByteBuffer frame) {
        final JuteReader reader = new JuteReader(frame);
        reader.readInt(); // the protocol's version; there was never another
        final long seenZxid = reader.readLong();
        final int timeoutMs = reader.readInt();
        final long sessionId = reader.readLong();
        final byte[] password = reader.readBytes();
        return new Handshake(
                seenZxid, timeoutMs, sessionId, password == null ? new byte[0] : password, reader.remaining() > 0);
    }

    /** Welcomes the client; not read-only. */
    ByteBuffer accepted(long newSessionId, int newTimeoutMs, byte[] newPassword) {
        final JuteWriter writer = new JuteWriter()
                .writeInt(PROTOCOL_VERSION)
                .writeInt(newTimeoutMs)
                .writeLong(newSessionId)
                .writeBytes(newPassword);
        return (knowsReadOnly ? writer.writeBoolean(false) : writer).toFrame();
    }

    /** Tells the client that its session is no more. */
    ByteBuffer refused() {
        return accepted(0, 0, NO_PASSWORD);
    }
}
