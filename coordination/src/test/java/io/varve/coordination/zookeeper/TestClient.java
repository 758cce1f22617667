// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.coordination.zookeeper;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Supplier;
import org.apache.jute.Record;
import org.apache.zookeeper.proto.ConnectResponse;
import org.apache.zookeeper.proto.ReplyHeader;

/** A client without a socket: gives frames to a connection and takes what it sends. */
final class TestClient {

    static final FrontEndConfig CONFIG = FrontEndConfig.ofTickTime(2000);

    final RecordingChannel channel = new RecordingChannel();
    final ClientConnection connection;
    private int nextXid = 1;

    TestClient(ZooKeeperFrontEnd frontEnd) {
        this(frontEnd, new ClientPeer("127.0.0.1", 40_000));
    }

    TestClient(ZooKeeperFrontEnd frontEnd, ClientPeer peer) {
        connection = frontEnd.accept(peer, channel);
    }

    static ZooKeeperFrontEnd frontEnd(FakeReplica replica) {
        return frontEnd(replica, CONFIG, null);
    }

    static ZooKeeperFrontEnd frontEnd(FakeReplica replica, FrontEndConfig config, Membership membership) {
        final Map<String, Object> configuration = new TreeMap<>(Map.of("clientPort", 2181, "tickTime", 2000));
        return frontEnd(replica, config, membership, () -> configuration);
    }

    static ZooKeeperFrontEnd frontEnd(
            FakeReplica replica,
            FrontEndConfig config,
            Membership membership,
            Supplier<Map<String, Object>> configuration) {
        final byte[] lastPassword = new byte[16];
        final ZooKeeperFrontEnd frontEnd = new ZooKeeperFrontEnd(
                config,
                new FrontEndContext(
                        replica,
                        System::nanoTime,
                        System::currentTimeMillis,
                        () -> {
                            lastPassword[15]++;
                            return lastPassword.clone();
                        },
                        membership,
                        new FrontEndContext.Facts(
                                FrontEndContext.Facts.version("test", "2026-01-01 00:00 UTC"),
                                configuration,
                                () -> Map.of("java.version", "17"),
                                () -> Map.of("open_file_descriptor_count", 12L, "max_file_descriptor_count", 100L),
                                "tickTime=2000\n")));
        replica.attach(frontEnd);
        return frontEnd;
    }

    /** Opens a session on a replica that applies at once. */
    ConnectResponse open() {
        connection.onFrame(Records.connect(0, 10_000, 0, new byte[16]));
        return Records.read(channel.frames.remove(), new ConnectResponse());
    }

    /** Sends a request; its xid. */
    int send(OpCode opCode, Record... body) {
        final int xid = nextXid++;
        connection.onFrame(Records.request(xid, opCode.code(), body));
        return xid;
    }

    /** Sends a request and takes its reply, which must be the next frame and have this error. */
    ByteBuffer call(ErrorCode expected, OpCode opCode, Record... body) {
        final int xid = send(opCode, body);
        final ByteBuffer frame = channel.frames.remove();
        final ReplyHeader header = Records.header(frame);
        assertThat(header.getXid()).isEqualTo(xid);
        assertThat(header.getErr()).isEqualTo(expected.code());
        return frame;
    }

    /** Takes the next frame, which must be the reply to {@code xid}. */
    ReplyHeader reply(int xid) {
        final ReplyHeader header = Records.header(channel.frames.element());
        assertThat(header.getXid()).isEqualTo(xid);
        channel.frames.remove();
        return header;
    }
}
