// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.transport.netty;

import java.io.DataInputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketException;
import java.nio.ByteBuffer;

/** A client of a listener, with a plain socket. */
final class Peer implements AutoCloseable {

    private static final int TIMEOUT_MS = 30_000;

    final Socket socket;

    private Peer(Socket socket) throws IOException {
        socket.setSoTimeout(TIMEOUT_MS);
        this.socket = socket;
    }

    static Peer connect(InetSocketAddress address) throws IOException {
        return new Peer(new Socket(address.getAddress(), address.getPort()));
    }

    static Peer connectFrom(String ip, InetSocketAddress address) throws IOException {
        return new Peer(new Socket(address.getAddress(), address.getPort(), InetAddress.getByName(ip), 0));
    }

    /** A peer that has room for few bytes that it has not read. */
    static Peer connectWithSmallBuffer(InetSocketAddress address) throws IOException {
        Socket socket = new Socket();
        socket.setReceiveBufferSize(16 << 10);
        socket.connect(address);
        return new Peer(socket);
    }

    void send(byte... frame) throws IOException {
        sendRaw(framed(frame));
    }

    static byte[] framed(byte... frame) {
        return ByteBuffer.allocate(4 + frame.length)
                .putInt(frame.length)
                .put(frame)
                .array();
    }

    void sendRaw(byte... bytes) throws IOException {
        socket.getOutputStream().write(bytes);
    }

    void sendLength(int length) throws IOException {
        sendRaw(ByteBuffer.allocate(4).putInt(length).array());
    }

    byte[] receive() throws IOException {
        DataInputStream in = new DataInputStream(socket.getInputStream());
        byte[] frame = new byte[in.readInt()];
        in.readFully(frame);
        return frame;
    }

    /** Whether the other side closes; waits for it. */
    boolean isClosed() throws IOException {
        try {
            return socket.getInputStream().read() < 0;
        } catch (SocketException e) {
            return true;
        }
    }

    /** Breaks the connection instead of ending it. */
    void reset() throws IOException {
        socket.setSoLinger(true, 0);
        socket.close();
    }

    @Override
    public void close() throws IOException {
        socket.close();
    }
}
