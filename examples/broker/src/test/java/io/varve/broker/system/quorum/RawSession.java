// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.system.quorum;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.ByteBuffer;

/**
 * A session of ZooKeeper's protocol on a socket and without threads, so that there can be thousands, and without the client's manners.
 *
 * <p>Threading: confined to the test's thread.
 */
final class RawSession implements AutoCloseable {

    private static final int CREATE = 1;
    private static final int EXISTS = 3;
    private static final int EPHEMERAL = 1;
    private static final int ALL_PERMISSIONS = 31;
    private static final int EVENT_XID = -1;
    private static final int READ_TIMEOUT_MS = 60_000;

    private final Socket socket;
    private final DataInputStream in;
    private final DataOutputStream out;
    private int xid;

    /** A session that is open. */
    RawSession(int port, int timeoutMs) throws IOException {
        socket = new Socket(InetAddress.getLoopbackAddress(), port);
        socket.setSoTimeout(READ_TIMEOUT_MS);
        in = new DataInputStream(socket.getInputStream());
        out = new DataOutputStream(socket.getOutputStream());
        send(ByteBuffer.allocate(45)
                .putInt(0)
                .putLong(0)
                .putInt(timeoutMs)
                .putLong(0)
                .putInt(16)
                .put(new byte[16])
                .put((byte) 0)
                .flip());
        receive();
    }

    void send(ByteBuffer frame) throws IOException {
        out.writeInt(frame.remaining());
        out.write(frame.array(), 0, frame.limit());
        out.flush();
    }

    private ByteBuffer receive() throws IOException {
        byte[] frame = new byte[in.readInt()];
        in.readFully(frame);
        return ByteBuffer.wrap(frame);
    }

    private void answered() throws IOException {
        ByteBuffer reply = receive();
        int answers = reply.getInt();
        int error = reply.getInt(12);
        if (answers != xid || (error != 0 && error != -101)) {
            throw new IOException("unexpected reply: xid=" + answers + ", expected=" + xid + ", error=" + error);
        }
    }

    void createEphemeral(String path) throws IOException {
        byte[] name = path.getBytes(UTF_8);
        ByteBuffer frame = ByteBuffer.allocate(128 + name.length).putInt(++xid).putInt(CREATE);
        text(frame, path).putInt(0).putInt(1).putInt(ALL_PERMISSIONS);
        text(text(frame, "world"), "anyone").putInt(EPHEMERAL).flip();
        send(frame);
        answered();
    }

    /** Leaves a watch on a node. */
    void watch(String path) throws IOException {
        ByteBuffer frame = ByteBuffer.allocate(64 + path.length()).putInt(++xid).putInt(EXISTS);
        send(text(frame, path).put((byte) 1).flip());
        answered();
    }

    /** Waits for the event of a watch. */
    void event() throws IOException {
        if (receive().getInt() != EVENT_XID) {
            throw new IOException("a reply that nobody has asked for");
        }
    }

    /** Whether the other end closes the connection, whatever it may send before. */
    boolean isClosedByPeer() throws IOException {
        try {
            while (true) {
                receive();
            }
        } catch (EOFException | java.net.SocketException e) {
            return true;
        }
    }

    private static ByteBuffer text(ByteBuffer frame, String text) {
        byte[] bytes = text.getBytes(UTF_8);
        return frame.putInt(bytes.length).put(bytes);
    }

    /** Goes without a word: the session lives on until its time is up. */
    @Override
    public void close() throws IOException {
        socket.close();
    }
}
