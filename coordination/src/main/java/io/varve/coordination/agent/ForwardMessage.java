// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.coordination.agent;

import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/**
 * What a member tells the leader beside the quorum's own messages: commands of its clients, and which sessions have given a sign of life.
 * All numbers are big-endian.
 *
 * <pre>
 *  commands:  1 | incarnation, 8 | oldest, 8 | first, 8 | count, 4 | (length, 4 | command)...
 *  heard:     2 | count, 4 | (session id, 8)...
 * </pre>
 *
 * <p>Threading: immutable, as long as nobody moves the buffers.
 */
sealed interface ForwardMessage {

    byte COMMANDS = 1;
    byte HEARD = 2;

    /**
     * Commands that follow each other.
     *
     * @param incarnation of the member that sends them
     * @param oldest sequence of its oldest command that it has not applied
     * @param first sequence of the first command here
     * @param commands the commands
     */
    record Commands(long incarnation, long oldest, long first, List<ByteBuffer> commands) implements ForwardMessage {

        @Override
        public ByteBuffer encode() {
            int bytes = 1 + 3 * Long.BYTES + Integer.BYTES;
            for (ByteBuffer command : commands) {
                bytes += Integer.BYTES + command.remaining();
            }
            ByteBuffer message = ByteBuffer.allocate(bytes)
                    .put(COMMANDS)
                    .putLong(incarnation)
                    .putLong(oldest)
                    .putLong(first)
                    .putInt(commands.size());
            commands.forEach(command -> message.putInt(command.remaining()).put(command.duplicate()));
            return message.flip();
        }
    }

    /** Sessions whose clients were heard of since the last message. */
    record Heard(List<Long> sessionIds) implements ForwardMessage {

        @Override
        public ByteBuffer encode() {
            ByteBuffer message = ByteBuffer.allocate(1 + Integer.BYTES + Long.BYTES * sessionIds.size())
                    .put(HEARD)
                    .putInt(sessionIds.size());
            sessionIds.forEach(message::putLong);
            return message.flip();
        }
    }

    ByteBuffer encode();

    /**
     * Reads a message; the commands share its bytes.
     *
     * @throws IllegalArgumentException when the bytes are not a message
     */
    static ForwardMessage decode(ByteBuffer payload) {
        ByteBuffer bytes = payload.duplicate();
        try {
            byte kind = bytes.get();
            return switch (kind) {
                case COMMANDS -> commands(bytes);
                case HEARD -> heard(bytes);
                default -> throw new IllegalArgumentException("unknown kind of message: kind=" + kind);
            };
        } catch (BufferUnderflowException e) {
            throw new IllegalArgumentException("a message is cut off: bytes=" + payload.remaining(), e);
        }
    }

    private static Commands commands(ByteBuffer bytes) {
        long incarnation = bytes.getLong();
        long oldest = bytes.getLong();
        long first = bytes.getLong();
        int count = requireCount(bytes.getInt(), Integer.BYTES, bytes);
        List<ByteBuffer> commands = new ArrayList<>(count);
        for (int i = 0; i < count; i++) {
            int length = requireCount(bytes.getInt(), 1, bytes);
            commands.add(bytes.slice(bytes.position(), length));
            bytes.position(bytes.position() + length);
        }
        return new Commands(incarnation, oldest, first, commands);
    }

    private static Heard heard(ByteBuffer bytes) {
        int count = requireCount(bytes.getInt(), Long.BYTES, bytes);
        List<Long> sessionIds = new ArrayList<>(count);
        for (int i = 0; i < count; i++) {
            sessionIds.add(bytes.getLong());
        }
        return new Heard(sessionIds);
    }

    /** Nothing is allocated for more than the bytes can hold. */
    private static int requireCount(int count, int leastBytesEach, ByteBuffer bytes) {
        if (count < 0 || count > bytes.remaining() / leastBytesEach) {
            throw new IllegalArgumentException(
                    "a message says more than it holds: count=" + count + ", bytes=" + bytes.remaining());
        }
        return count;
    }
}
