// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.coordination.zookeeper;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.net.Socket;
import java.net.SocketException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.zookeeper.MultiOperationRecord;
import org.apache.zookeeper.Op;
import org.apache.zookeeper.ZooDefs;
import org.apache.zookeeper.data.ACL;
import org.apache.zookeeper.data.Id;
import org.apache.zookeeper.proto.*;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Frames that no client of ZooKeeper's own makes, sent to an Apache ZooKeeper server and to our front end over sockets: the same
 * answers, and the connection closed by both or by neither.
 */
@Timeout(120)
class OddFramesTest {

    private static final List<ACL> OPEN = ZooDefs.Ids.OPEN_ACL_UNSAFE;
    private static final byte[] DATA = {1, 2, 3};

    /** Transaction id of a ping. */
    private static final int PING = -2;

    /** A client that sends what it is told to. */
    private static final class RawClient implements AutoCloseable {

        private final Socket socket;
        private final DataInputStream in;
        private final DataOutputStream out;

        RawClient(int port) throws IOException {
            socket = new Socket("127.0.0.1", port);
            socket.setSoTimeout(20_000);
            in = new DataInputStream(socket.getInputStream());
            out = new DataOutputStream(socket.getOutputStream());
        }

        void send(ByteBuffer frame) throws IOException {
            final byte[] bytes = new byte[4 + frame.remaining()];
            ByteBuffer.wrap(bytes).putInt(frame.remaining()).put(frame.duplicate());
            out.write(bytes);
        }

        ByteBuffer receive() throws IOException {
            final byte[] frame = new byte[in.readInt()];
            in.readFully(frame);
            return ByteBuffer.wrap(frame);
        }

        /**
         * What comes back for a frame: each reply as its xid, error and length of body; and at last whether it is closed. The first ping
         * does not tell: Apache's server writes the answer to one that came with the frame together with what stands before it, and closes
         * then. A second, sent after that answer, meets a closed connection.
         */
        String answer(ByteBuffer frame) {
            final StringBuilder answer = new StringBuilder();
            try {
                send(frame);
                ping();
                boolean again = false;
                while (true) {
                    final ByteBuffer reply = receive();
                    final ReplyHeader header = Records.header(reply);
                    if (header.getXid() == PING && again) {
                        return answer.append("open").toString();
                    }
                    if (header.getXid() == PING) {
                        again = true;
                        ping();
                        continue;
                    }
                    answer.append("xid=")
                            .append(header.getXid())
                            .append(" err=")
                            .append(header.getErr());
                    answer.append(" bytes=").append(reply.remaining()).append(", ");
                }
            } catch (EOFException | SocketException e) {
                return answer.append("closed").toString();
            } catch (IOException e) {
                throw new IllegalStateException(e);
            }
        }

        private void ping() throws IOException {
            send(Records.request(PING, OpCode.PING.code()));
        }

        @Override
        public void close() throws IOException {
            socket.close();
        }
    }

    private static Map<String, ByteBuffer> frames() {
        final Map<String, ByteBuffer> frames = new LinkedHashMap<>();
        frames.put("read of nothing", Records.request(7, OpCode.GET_DATA.code()));
        frames.put("read of no path", Records.request(7, OpCode.GET_DATA.code(), new GetDataRequest(null, false)));
        frames.put("exists of no path", Records.request(7, OpCode.EXISTS.code(), new ExistsRequest(null, true)));
        frames.put("exists of a zero", Records.request(7, OpCode.EXISTS.code(), new ExistsRequest("/\0", false)));
        frames.put("exists of a relative path", Records.request(7, 3, new ExistsRequest("a", false)));
        frames.put("read that is cut", cut(Records.request(7, 4, new GetDataRequest("/some/path", true)), 5));
        frames.put("write that is cut", cut(Records.request(7, 5, new SetDataRequest("/a", DATA, -1)), 3));
        frames.put("write of no path", Records.request(7, 5, new SetDataRequest(null, DATA, -1)));
        frames.put("delete of no path", Records.request(7, 2, new DeleteRequest(null, -1)));
        frames.put("delete of the root", Records.request(7, 2, new DeleteRequest("/", -1)));
        frames.put("delete below a file", Records.request(7, 2, new DeleteRequest("/none/x", -1)));
        frames.put("creation of no path", Records.request(7, 1, new CreateRequest(null, DATA, OPEN, 0)));
        frames.put("creation of the root", Records.request(7, 1, new CreateRequest("/", DATA, OPEN, 0)));
        frames.put("creation of a name with a slash", Records.request(7, 1, new CreateRequest("/n/", DATA, OPEN, 0)));
        frames.put("creation with a point", Records.request(7, 1, new CreateRequest("/.", DATA, OPEN, 0)));
        frames.put("creation of a relative path", Records.request(7, 1, new CreateRequest("n", DATA, OPEN, 0)));
        frames.put("creation without a list", Records.request(7, 1, new CreateRequest("/n1", DATA, null, 0)));
        frames.put("creation with an empty list", Records.request(7, 1, new CreateRequest("/n2", DATA, List.of(), 0)));
        frames.put(
                "creation with a list of nobody",
                Records.request(7, 1, new CreateRequest("/n3", DATA, List.of(new ACL(31, new Id("", ""))), 0)));
        frames.put("creation of no mode", Records.request(7, 1, new CreateRequest("/n4", DATA, OPEN, 17)));
        frames.put("creation of a negative mode", Records.request(7, 1, new CreateRequest("/n4", DATA, OPEN, -1)));
        frames.put(
                "creation with a ttl of zero", Records.request(7, 21, new CreateTTLRequest("/n5", DATA, OPEN, 5, 0)));
        frames.put("creation with a ttl mode alone", Records.request(7, 1, new CreateRequest("/n6", DATA, OPEN, 5)));
        frames.put("creation without data", Records.request(7, 1, new CreateRequest("/n7", null, OPEN, 0)));
        frames.put("read without data", Records.request(7, 4, new GetDataRequest("/n7", false)));
        frames.put("multi of nothing", Records.request(7, 14, new MultiOperationRecord()));
        frames.put(
                "multi that is cut",
                cut(Records.request(7, 14, new MultiOperationRecord(List.of(Op.delete("/a", 1)))), 6));
        frames.put(
                "multi of reads",
                Records.request(7, 14, new MultiOperationRecord(List.of(Op.getData("/a"), Op.getData("/b")))));
        // Not "reads of writes", behind whose error Apache sends an empty list that nobody reads.
        frames.put("list of no path", Records.request(7, 8, new GetChildrenRequest(null, false)));
        frames.put("access list of no node", Records.request(7, 6, new GetACLRequest("/nn")));
        frames.put("no access list", Records.request(7, 7, new SetACLRequest("/n7", null, -1)));
        frames.put("access list of no path", Records.request(7, 7, new SetACLRequest(null, OPEN, -1)));
        frames.put(
                "multi with no path",
                Records.request(
                        7, 14, new MultiOperationRecord(List.of(Op.setData(null, DATA, -1), Op.check("/a", 1)))));
        frames.put("watch of no mode", Records.request(7, 106, new AddWatchRequest("/a", 2)));
        frames.put("removal of no watch", Records.request(7, 18, new RemoveWatchesRequest("/a", 2)));
        frames.put("removal of no kind", Records.request(7, 18, new RemoveWatchesRequest("/a", 9)));
        frames.put("reconfig", Records.request(7, 16, new ReconfigRequest("server.1=a:1:2", null, null, -1)));
        frames.put("sync of a path", Records.request(7, 9, new SyncRequest("/anything")));
        frames.put("check alone", Records.request(7, 13, new CheckVersionRequest("/a", 1)));
        frames.put("no such request", Records.request(7, 99));
        frames.put("an answer as a request", Records.request(7, 0));
        frames.put("half a header", ByteBuffer.allocate(6));
        frames.put("authentication by nothing", Records.request(-4, 100, new AuthPacket(0, "nothing", DATA)));
        frames.put("authentication by the world", Records.request(-4, 100, new AuthPacket(0, "world", DATA)));
        frames.put("authentication by address", Records.request(-4, 100, new AuthPacket(0, "ip", DATA)));
        frames.put("authentication by digest", Records.request(-4, 100, new AuthPacket(0, "digest", "a:b".getBytes())));
        frames.put("authentication without colon", Records.request(-4, 100, new AuthPacket(0, "digest", DATA)));
        frames.put("who I am", Records.request(7, 107));
        frames.put("close", Records.request(7, -11));
        return frames;
    }

    private static ByteBuffer cut(ByteBuffer frame, int bytes) {
        return frame.limit(frame.limit() - bytes);
    }

    @Test
    void shouldAnswerOddFramesAsApacheDoes(@TempDir Path directory) throws Exception {
        final List<String> ours = new ArrayList<>();
        final List<String> theirs = new ArrayList<>();
        try (TestServer own = new TestServer();
                ApacheServer apache = new ApacheServer(directory, "")) {
            for (Map.Entry<String, ByteBuffer> odd : frames().entrySet()) {
                ours.add(odd.getKey() + ": " + answer(own.port(), odd.getValue()));
                theirs.add(odd.getKey() + ": " + answer(apache.port(), odd.getValue()));
            }
        }

        assertThat(ours).containsExactlyElementsOf(theirs);
    }

    private static String answer(int port, ByteBuffer frame) throws IOException {
        try (RawClient client = new RawClient(port)) {
            client.send(Records.connect(0, 10_000, 0, new byte[16]));
            assertThat(Records.read(client.receive(), new ConnectResponse()).getSessionId())
                    .isNotZero();
            return client.answer(frame);
        }
    }

    @Test
    void shouldAnswerOddHandshakesAsApacheDoes(@TempDir Path directory) throws Exception {
        final List<ByteBuffer> handshakes = List.of(
                Records.connect(0, 10_000, 0, new byte[16]),
                Records.connect(0, -5, 0, null),
                Records.connect(0, 1, 0, new byte[3]),
                Records.connect(0, Integer.MAX_VALUE, 0, new byte[16]),
                Records.connect(Long.MAX_VALUE, 10_000, 0, new byte[16]),
                Records.connect(0, 10_000, 77, new byte[16]),
                Records.connect(0, 10_000, 77, null),
                cut(Records.connect(0, 10_000, 0, new byte[16]), 1),
                cut(Records.connect(0, 10_000, 0, new byte[16]), 9),
                ByteBuffer.allocate(0),
                ByteBuffer.allocate(3));
        try (TestServer own = new TestServer();
                ApacheServer apache = new ApacheServer(directory, "")) {
            for (ByteBuffer handshake : handshakes) {
                assertThat(greet(own.port(), handshake)).isEqualTo(greet(apache.port(), handshake));
            }
        }
    }

    private static String greet(int port, ByteBuffer handshake) throws IOException {
        try (RawClient client = new RawClient(port)) {
            client.send(handshake);
            final ByteBuffer frame;
            try {
                frame = client.receive();
            } catch (EOFException | SocketException e) {
                return "closed";
            }
            final int length = frame.remaining();
            final int protocol = frame.getInt();
            final int timeoutMs = frame.getInt();
            final boolean hasSession = frame.getLong() != 0;
            return "bytes=" + length + " protocol=" + protocol + " timeoutMs=" + timeoutMs + " session=" + hasSession;
        }
    }
}
