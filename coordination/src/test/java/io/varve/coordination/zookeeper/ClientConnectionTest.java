// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.coordination.zookeeper;

import static org.assertj.core.api.Assertions.assertThat;

import io.varve.coordination.tree.SessionOwner;
import io.varve.coordination.tree.TreeCommand;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Random;
import org.apache.zookeeper.ZooDefs;
import org.apache.zookeeper.data.ACL;
import org.apache.zookeeper.data.Id;
import org.apache.zookeeper.proto.*;
import org.junit.jupiter.api.Test;

class ClientConnectionTest {

    private static final List<ACL> OPEN = ZooDefs.Ids.OPEN_ACL_UNSAFE;
    private static final byte[] DATA = {1, 2, 3};

    private final FakeReplica manual = FakeReplica.manual();
    private final ZooKeeperFrontEnd manualFrontEnd = TestClient.frontEnd(manual);
    private final FakeReplica replica = FakeReplica.immediate();
    private final ZooKeeperFrontEnd frontEnd = TestClient.frontEnd(replica);
    private final FakeReplica replicaWithMembers = FakeReplica.immediate();

    private TestClient openManual() {
        final TestClient client = new TestClient(manualFrontEnd);
        client.connection.onFrame(Records.connect(0, 10_000, 0, new byte[16]));
        manual.applyAll();
        client.channel.frames.clear();
        client.channel.kinds.setLength(0);
        return client;
    }

    private TestClient open() {
        final TestClient client = new TestClient(frontEnd);
        client.open();
        return client;
    }

    private static CreateRequest create(String path) {
        return new CreateRequest(path, DATA, OPEN, 0);
    }

    // Pipelining.

    @Test
    void shouldSubmitWritesWithoutWaitingAndReadInBetween() {
        final TestClient client = openManual();
        final int first = client.send(OpCode.CREATE, create("/a"));
        final int read = client.send(OpCode.EXISTS, new ExistsRequest("/b", false));
        final int second = client.send(OpCode.CREATE, create("/b"));
        final int last = client.send(OpCode.EXISTS, new ExistsRequest("/b", false));

        assertThat(manual.waitingCount()).isEqualTo(2);
        assertThat(client.channel.frames).isEmpty();

        manual.applyNext();
        assertThat(client.reply(first).getErr()).isZero();
        assertThat(client.reply(read).getErr()).isEqualTo(ErrorCode.NO_NODE.code());
        assertThat(client.channel.frames).isEmpty();

        manual.applyNext();
        assertThat(client.reply(second).getErr()).isZero();
        assertThat(client.reply(last).getErr()).isZero();
    }

    @Test
    void shouldAnswerReadsAtOnceWhenNothingIsBeforeThem() {
        final TestClient client = openManual();

        assertThat(client.reply(client.send(OpCode.EXISTS, new ExistsRequest("/", false)))
                        .getErr())
                .isZero();
        assertThat(client.reply(client.send(OpCode.PING)).getErr()).isZero();
    }

    @Test
    void shouldKeepTheOrderOfASyncAndAWriteBehindIt() {
        final TestClient client = openManual();
        final int sync = client.send(OpCode.SYNC, new SyncRequest("/"));
        final int write = client.send(OpCode.CREATE, create("/a"));
        final int read = client.send(OpCode.EXISTS, new ExistsRequest("/a", false));

        manual.applyNext();
        assertThat(client.channel.frames).isEmpty();

        manual.syncNext();
        final long zxid = client.reply(sync).getZxid();
        assertThat(client.reply(write).getZxid()).isGreaterThanOrEqualTo(zxid);
        assertThat(client.reply(read).getErr()).isZero();
    }

    @Test
    void shouldSendAnEventBeforeTheReplyThatShowsTheChange() {
        final TestClient client = openManual();
        final TestClient other = openManual();
        client.send(OpCode.EXISTS, new ExistsRequest("/a", true));
        client.channel.frames.clear();
        client.channel.kinds.setLength(0);
        other.send(OpCode.CREATE, create("/a"));
        client.send(OpCode.CREATE, create("/b"));
        final int read = client.send(OpCode.EXISTS, new ExistsRequest("/a", false));

        manual.applyAll();

        assertThat(client.channel.kinds).hasToString("ERR");
        final ByteBuffer event = client.channel.frames.remove();
        assertThat(Records.header(event).getXid()).isEqualTo(-1);
        assertThat(Records.read(event, new WatcherEvent())).isEqualTo(new WatcherEvent(1, 3, "/a"));
        client.channel.frames.remove();
        assertThat(client.reply(read).getErr()).isZero();
    }

    /** The watch is left when the read is answered, not when it is asked: a write before it must not trigger it. */
    @Test
    void shouldLeaveWatchesWhenReading() {
        final TestClient client = openManual();
        client.send(OpCode.CREATE, create("/a"));
        client.send(OpCode.GET_DATA, new GetDataRequest("/a", true));
        client.send(OpCode.SET_DATA, new SetDataRequest("/a", DATA, -1));

        manual.applyAll();

        assertThat(client.channel.kinds).hasToString("RRER");
    }

    @Test
    void shouldAnswerInOrderWhateverComesInBetween() {
        final Random random = new Random(11);
        for (int round = 0; round < 50; round++) {
            final TestClient client = openManual();
            int first = -1;
            int sent = 0;
            for (int step = 0; step < 60; step++) {
                final int choice = random.nextInt(5);
                final int xid =
                        switch (choice) {
                            case 0 -> client.send(OpCode.CREATE2, new CreateRequest("/s", DATA, OPEN, 2));
                            case 1 -> client.send(OpCode.EXISTS, new ExistsRequest("/", false));
                            case 2 -> client.send(OpCode.PING);
                            case 3 -> client.send(OpCode.SYNC, new SyncRequest("/"));
                            default -> client.send(OpCode.DELETE, new DeleteRequest("/none", -1));
                        };
                first = first < 0 ? xid : first;
                sent++;
                if (random.nextInt(3) == 0 && manual.waitingCount() > 0) {
                    manual.applyNext();
                }
                if (random.nextInt(3) == 0) {
                    manual.trySync();
                }
            }
            manual.applyAll();
            while (manual.trySync()) {
                // until none waits
            }
            assertThat(client.channel.frames).hasSize(sent);
            long zxid = 0;
            for (int i = 0; i < sent; i++) {
                final ReplyHeader header = client.reply(first + i);
                assertThat(header.getZxid()).as("never goes back").isGreaterThanOrEqualTo(zxid);
                zxid = header.getZxid();
            }
        }
    }

    // Sessions.

    @Test
    void shouldNegotiateTimeouts() {
        for (int[] pair : new int[][] {{1, 4000}, {10_000, 10_000}, {1_000_000, 40_000}}) {
            final TestClient client = new TestClient(frontEnd);
            client.connection.onFrame(Records.connect(0, pair[0], 0, new byte[16]));

            assertThat(Records.read(client.channel.frames.remove(), new ConnectResponse())
                            .getTimeOut())
                    .isEqualTo(pair[1]);
        }
    }

    @Test
    void shouldTellOldClientsNothingOfReadOnly() {
        final TestClient client = new TestClient(frontEnd);
        final ByteBuffer frame = Records.connect(0, 5000, 0, new byte[16]);
        client.connection.onFrame(frame.limit(frame.limit() - 1));

        assertThat(client.channel.frames.remove().remaining()).isEqualTo(4 + 4 + 8 + 4 + 16);
    }

    @Test
    void shouldServeFramesThatComeBeforeTheSessionIsThere() {
        final TestClient client = new TestClient(manualFrontEnd);
        client.connection.onFrame(Records.connect(0, 10_000, 0, new byte[16]));
        final int xid = client.send(OpCode.EXISTS, new ExistsRequest("/", false));
        assertThat(client.channel.frames).isEmpty();

        manual.applyAll();

        Records.read(client.channel.frames.remove(), new ConnectResponse());
        assertThat(client.reply(xid).getErr()).isZero();
    }

    @Test
    void shouldAttachAndCloseTheOlderConnection() {
        final TestClient client = new TestClient(frontEnd);
        final ConnectResponse session = client.open();
        final TestClient again = new TestClient(frontEnd);

        again.connection.onFrame(Records.connect(0, 6000, session.getSessionId(), session.getPasswd()));

        final ConnectResponse response = Records.read(again.channel.frames.remove(), new ConnectResponse());
        assertThat(response.getSessionId()).isEqualTo(session.getSessionId());
        assertThat(response.getPasswd()).isEqualTo(session.getPasswd());
        assertThat(response.getTimeOut()).isEqualTo(6000);
        assertThat(client.channel.closeReasons).containsExactly("the session has moved to another connection");
        assertThat(again.channel.isClosed()).isFalse();
        again.call(ErrorCode.OK, OpCode.EXISTS, new ExistsRequest("/", false));
    }

    @Test
    void shouldRefuseAWrongPasswordAndAnUnknownSession() {
        final ConnectResponse session = new TestClient(frontEnd).open();
        final byte[] wrong = session.getPasswd().clone();
        wrong[0] ^= 1;

        for (ByteBuffer frame : List.of(
                Records.connect(0, 6000, session.getSessionId(), wrong),
                Records.connect(0, 6000, session.getSessionId(), new byte[0]),
                Records.connect(0, 6000, session.getSessionId() + 1, session.getPasswd()))) {
            final TestClient again = new TestClient(frontEnd);
            again.connection.onFrame(frame);

            final ConnectResponse response = Records.read(again.channel.frames.remove(), new ConnectResponse());
            assertThat(response.getSessionId()).isZero();
            assertThat(response.getTimeOut()).isZero();
            assertThat(response.getPasswd()).isEqualTo(new byte[16]);
            assertThat(again.channel.closeReasons).hasSize(1);
        }
    }

    @Test
    void shouldSendAwayAClientThatHasSeenMore() {
        final TestClient client = new TestClient(frontEnd);

        client.connection.onFrame(Records.connect(0x77, 6000, 0, new byte[16]));

        assertThat(client.channel.frames).isEmpty();
        assertThat(client.channel.closeReasons.get(0)).contains("seenZxid=0x77");
    }

    @Test
    void shouldCloseASessionThatNobodyWaitsForAnyMore() {
        final TestClient client = new TestClient(manualFrontEnd);
        client.connection.onFrame(Records.connect(0, 10_000, 0, new byte[16]));
        client.connection.onClosed();

        manual.applyAll();

        assertThat(manual.tree().sessions()).isEmpty();
        assertThat(client.channel.frames).isEmpty();
    }

    @Test
    void shouldAnswerTheCloseOfASessionAndClose() {
        final TestClient client = openManual();
        client.send(OpCode.CREATE, new CreateRequest("/e", DATA, OPEN, 1));
        final int xid = client.send(OpCode.CLOSE_SESSION);
        client.send(OpCode.EXISTS, new ExistsRequest("/", false));

        manual.applyAll();

        client.channel.frames.remove();
        assertThat(client.reply(xid).getErr()).isZero();
        assertThat(client.channel.frames).isEmpty();
        assertThat(client.channel.closeReasons).containsExactly("the client has closed its session");
        assertThat(manual.tree().get("/e")).isNull();
        assertThat(manualFrontEnd.connections()).isEmpty();
    }

    @Test
    void shouldCloseTheConnectionOfAnExpiredSession() {
        final TestClient client = new TestClient(frontEnd);
        final long sessionId = client.open().getSessionId();

        replica.applyNow(new TreeCommand.CloseSession(sessionId, true));

        assertThat(client.channel.closeReasons).containsExactly("the session has expired");
    }

    @Test
    void shouldCloseWithoutAnswerWhenTheSessionHasMovedToAnotherMember() {
        final TestClient client = openManual();
        client.send(OpCode.CREATE, create("/a"));
        final long sessionId = client.connection.sessionId();
        final byte[] password = manual.tree().session(sessionId).password();

        manual.applyNow(new TreeCommand.AttachSession(sessionId, password, 5000, new SessionOwner(2, 9)));
        manual.applyAll();

        assertThat(client.channel.frames).isEmpty();
        assertThat(client.channel.closeReasons).containsExactly("the session has moved to another connection");
        assertThat(manual.tree().get("/a")).isNull();
    }

    @Test
    void shouldCloseWhenTheOutcomeIsNotKnown() {
        final TestClient client = openManual();
        client.send(OpCode.CREATE, create("/a"));

        manual.loseAll("the leader has changed");

        assertThat(client.channel.closeReasons)
                .containsExactly("the outcome of a request is not known: the leader has changed");
    }

    @Test
    void shouldReportEverySignOfLife() {
        final TestClient client = open();
        final int before = replica.heard.size();

        client.call(ErrorCode.OK, OpCode.PING);
        client.call(ErrorCode.OK, OpCode.EXISTS, new ExistsRequest("/", false));

        assertThat(replica.heard).hasSize(before + 2).containsOnly(client.connection.sessionId());
    }

    // Watches over reconnects.

    @Test
    void shouldTellWhatWasMissedAndWatchForTheRest() {
        final TestClient writer = open();
        for (String path : List.of("/changed", "/same", "/deleted", "/parent", "/quiet")) {
            writer.call(ErrorCode.OK, OpCode.CREATE, create(path));
        }
        final long seen = replica.tree().lastZxid();
        writer.call(ErrorCode.OK, OpCode.SET_DATA, new SetDataRequest("/changed", DATA, -1));
        writer.call(ErrorCode.OK, OpCode.DELETE, new DeleteRequest("/deleted", -1));
        writer.call(ErrorCode.OK, OpCode.CREATE, create("/parent/child"));
        writer.call(ErrorCode.OK, OpCode.CREATE, create("/created"));
        final TestClient client = open();
        client.channel.kinds.setLength(0);

        client.connection.onFrame(Records.request(
                -8,
                OpCode.SET_WATCHES2.code(),
                new SetWatches2(
                        seen,
                        List.of("/changed", "/same", "/deleted"),
                        List.of("/created", "/nothing"),
                        List.of("/parent", "/quiet", "/deleted"),
                        List.of("/persistent"),
                        List.of("/recursive"))));

        assertThat(client.channel.kinds).hasToString("EEEEER");
        for (WatcherEvent expected : List.of(
                new WatcherEvent(3, 3, "/changed"),
                new WatcherEvent(2, 3, "/deleted"),
                new WatcherEvent(1, 3, "/created"),
                new WatcherEvent(4, 3, "/parent"),
                new WatcherEvent(2, 3, "/deleted"))) {
            final ByteBuffer frame = client.channel.frames.remove();
            assertThat(Records.header(frame)).isEqualTo(new ReplyHeader(-1, -1, 0));
            assertThat(Records.read(frame, new WatcherEvent())).isEqualTo(expected);
        }
        assertThat(client.reply(-8).getErr()).isZero();
        client.channel.kinds.setLength(0);
        writer.call(ErrorCode.OK, OpCode.SET_DATA, new SetDataRequest("/same", DATA, -1));
        writer.call(ErrorCode.OK, OpCode.CREATE, create("/nothing"));
        writer.call(ErrorCode.OK, OpCode.CREATE, create("/quiet/child"));
        writer.call(ErrorCode.OK, OpCode.CREATE, create("/persistent"));
        writer.call(ErrorCode.OK, OpCode.CREATE, create("/recursive"));
        writer.call(ErrorCode.OK, OpCode.CREATE, create("/recursive/deep"));
        assertThat(client.channel.kinds).hasToString("EEEEEE");
    }

    @Test
    void shouldAddCheckAndRemoveWatches() {
        final TestClient client = open();
        final ByteBuffer added = client.call(ErrorCode.OK, OpCode.ADD_WATCH, new AddWatchRequest("/a", 0));
        assertThat(Records.read(added, new ErrorResponse()).getErr()).isZero();
        client.call(ErrorCode.NO_NODE, OpCode.EXISTS, new ExistsRequest("/b", true));

        client.call(ErrorCode.OK, OpCode.CHECK_WATCHES, new CheckWatchesRequest("/a", 4));
        client.call(ErrorCode.OK, OpCode.CHECK_WATCHES, new CheckWatchesRequest("/a", 3));
        client.call(ErrorCode.NO_WATCHER, OpCode.CHECK_WATCHES, new CheckWatchesRequest("/a", 5));
        client.call(ErrorCode.NO_WATCHER, OpCode.CHECK_WATCHES, new CheckWatchesRequest("/b", 1));
        client.call(ErrorCode.OK, OpCode.REMOVE_WATCHES, new RemoveWatchesRequest("/b", 2));
        client.call(ErrorCode.NO_WATCHER, OpCode.REMOVE_WATCHES, new RemoveWatchesRequest("/b", 2));
        client.call(ErrorCode.OK, OpCode.REMOVE_WATCHES, new RemoveWatchesRequest("/a", 3));
        client.call(ErrorCode.MARSHALLING_ERROR, OpCode.ADD_WATCH, new AddWatchRequest("/a", 2));
        client.call(ErrorCode.MARSHALLING_ERROR, OpCode.REMOVE_WATCHES, new RemoveWatchesRequest("/a", 6));

        assertThat(replica.watches().watchCount()).isZero();
    }

    @Test
    void shouldTakeItsWatchesWithIt() {
        final TestClient client = open();
        client.call(ErrorCode.OK, OpCode.ADD_WATCH, new AddWatchRequest("/a", 1));
        client.call(ErrorCode.OK, OpCode.GET_DATA, new GetDataRequest("/", true));

        client.connection.onClosed();

        assertThat(replica.watches().watchCount()).isZero();
        assertThat(frontEnd.connections()).isEmpty();
        assertThat(replica.tree().sessions()).hasSize(1);
    }

    // Rights.

    /** Nothing of a node that may not be read comes out by any way. */
    @Test
    void shouldTellNothingOfNodesThatMayNotBeRead() {
        final TestClient owner = open();
        owner.call(ErrorCode.OK, OpCode.AUTH, new AuthPacket(0, "digest", "owner:secret".getBytes()));
        final TestClient stranger = new TestClient(frontEnd, new ClientPeer("10.1.1.1", 5));
        stranger.open();
        for (String path : List.of("/hidden", "/hidden/child", "/later")) {
            stranger.call(ErrorCode.OK, OpCode.ADD_WATCH, new AddWatchRequest(path, 0));
        }
        stranger.call(ErrorCode.OK, OpCode.ADD_WATCH, new AddWatchRequest("/hidden", 1));
        stranger.call(ErrorCode.NO_NODE, OpCode.EXISTS, new ExistsRequest("/later", true));
        stranger.channel.kinds.setLength(0);
        final List<ACL> mine = List.of(new ACL(31, new Id("auth", "")));
        owner.call(ErrorCode.OK, OpCode.CREATE, new CreateRequest("/hidden", DATA, mine, 0));
        owner.call(ErrorCode.OK, OpCode.CREATE, new CreateRequest("/hidden/child", DATA, mine, 0));
        owner.call(ErrorCode.OK, OpCode.CREATE, new CreateRequest("/later", DATA, mine, 0));
        owner.call(ErrorCode.OK, OpCode.SET_DATA, new SetDataRequest("/hidden", DATA, -1));

        stranger.call(ErrorCode.NO_AUTH, OpCode.EXISTS, new ExistsRequest("/hidden", true));
        stranger.call(ErrorCode.NO_AUTH, OpCode.GET_DATA, new GetDataRequest("/hidden", true));
        stranger.call(ErrorCode.NO_AUTH, OpCode.GET_CHILDREN, new GetChildrenRequest("/hidden", true));
        stranger.call(ErrorCode.NO_AUTH, OpCode.GET_CHILDREN2, new GetChildren2Request("/hidden", true));
        stranger.call(ErrorCode.NO_AUTH, OpCode.GET_ACL, new GetACLRequest("/hidden"));
        stranger.call(ErrorCode.NO_AUTH, OpCode.GET_ALL_CHILDREN_NUMBER, new GetAllChildrenNumberRequest("/hidden"));
        stranger.call(
                ErrorCode.OK,
                OpCode.SET_WATCHES,
                new SetWatches(0, List.of("/hidden"), List.of("/hidden"), List.of("/hidden")));
        owner.call(ErrorCode.OK, OpCode.DELETE, new DeleteRequest("/hidden/child", -1));
        owner.call(ErrorCode.OK, OpCode.DELETE, new DeleteRequest("/hidden", -1));

        assertThat(stranger.channel.kinds.toString()).isEqualTo("RRRRRRR");
    }

    @Test
    void shouldRefuseProofsThatAreNone() {
        for (String scheme : List.of("world", "auth", "super", "sasl", "x509", "", "unknown")) {
            final TestClient client = open();
            final int xid = client.send(OpCode.AUTH, new AuthPacket(0, scheme, DATA));
            client.send(OpCode.EXISTS, new ExistsRequest("/", false));

            assertThat(client.reply(xid).getErr()).as(scheme).isEqualTo(ErrorCode.AUTH_FAILED.code());
            assertThat(client.channel.frames).isEmpty();
            assertThat(client.channel.closeReasons).containsExactly("authentication failed: scheme=" + scheme);
        }
    }

    @Test
    void shouldRefuseSasl() {
        final TestClient client = open();

        assertThat(client.reply(client.send(OpCode.SASL, new GetSASLRequest(DATA)))
                        .getErr())
                .isEqualTo(ErrorCode.AUTH_FAILED.code());
        assertThat(client.channel.isClosed()).isTrue();
    }

    @Test
    void shouldKnowTheSuperUserByHisDigest() {
        // As org.apache.zookeeper.server.auth.DigestAuthenticationProvider makes it of super:secret.
        final FakeReplica other = FakeReplica.immediate();
        final ZooKeeperFrontEnd withSuper =
                TestClient.frontEnd(other, TestClient.CONFIG.withSuperDigest(theirDigest("super:secret")), null);
        final TestClient user = new TestClient(withSuper);
        user.open();
        user.call(ErrorCode.OK, OpCode.AUTH, new AuthPacket(0, "digest", "super:guess".getBytes()));
        user.call(
                ErrorCode.OK,
                OpCode.CREATE,
                new CreateRequest("/n", DATA, List.of(new ACL(31, new Id("digest", theirDigest("a:b")))), 0));
        user.call(ErrorCode.NO_AUTH, OpCode.GET_DATA, new GetDataRequest("/n", false));

        user.call(ErrorCode.OK, OpCode.AUTH, new AuthPacket(0, "digest", "super:secret".getBytes()));

        user.call(ErrorCode.OK, OpCode.GET_DATA, new GetDataRequest("/n", false));
    }

    private static String theirDigest(String userAndPassword) {
        try {
            return org.apache.zookeeper.server.auth.DigestAuthenticationProvider.generateDigest(userAndPassword);
        } catch (java.security.NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }

    @Test
    void shouldTakeTheCertificateForAnIdentity() {
        final TestClient client = new TestClient(frontEnd, new ClientPeer("10.0.0.1", 3, "CN=me"));
        client.open();
        client.call(
                ErrorCode.OK,
                OpCode.CREATE,
                new CreateRequest("/n", DATA, List.of(new ACL(31, new Id("x509", "CN=me"))), 0));

        client.call(ErrorCode.OK, OpCode.GET_DATA, new GetDataRequest("/n", false));
        final TestClient other = open();
        other.call(ErrorCode.NO_AUTH, OpCode.GET_DATA, new GetDataRequest("/n", false));
    }

    @Test
    void shouldBoundTheIdentitiesOfAConnection() {
        final TestClient client = open();
        for (int i = 0; i < 63; i++) {
            client.call(ErrorCode.OK, OpCode.AUTH, new AuthPacket(0, "digest", ("u" + i + ":p").getBytes()));
        }
        client.call(ErrorCode.OK, OpCode.AUTH, new AuthPacket(0, "digest", "u0:p".getBytes()));

        client.call(ErrorCode.AUTH_FAILED, OpCode.AUTH, new AuthPacket(0, "digest", "more:p".getBytes()));
        assertThat(client.channel.isClosed()).isTrue();
    }

    // Members.

    @Test
    void shouldChangeMembersForThoseWhoMay() {
        final byte[] config = "server.1=a:1:2:participant\nversion=5".getBytes();
        final Membership membership = (change, reply) -> {
            if ("9".equals(change.leaving())) {
                reply.refused(Membership.Refusal.NO_QUORUM);
            } else {
                replicaWithMembers.applyNow(new TreeCommand.SetConfig(config));
                reply.done();
            }
        };
        final ZooKeeperFrontEnd withMembers = TestClient.frontEnd(
                replicaWithMembers, TestClient.CONFIG.withSuperDigest(theirDigest("super:secret")), membership);
        final TestClient client = new TestClient(withMembers);
        client.open();

        client.call(ErrorCode.NO_AUTH, OpCode.RECONFIG, new ReconfigRequest(null, "3", null, -1));
        client.call(ErrorCode.OK, OpCode.AUTH, new AuthPacket(0, "digest", "super:secret".getBytes()));
        client.call(ErrorCode.NEW_CONFIG_NO_QUORUM, OpCode.RECONFIG, new ReconfigRequest(null, "9", null, -1));
        final ByteBuffer done = client.call(ErrorCode.OK, OpCode.RECONFIG, new ReconfigRequest(null, "3", null, -1));

        assertThat(Records.read(done, new GetDataResponse()).getData()).isEqualTo(config);
    }

    // Bounds and malformed frames.

    @Test
    void shouldRefuseFramesThatAreTooLarge() {
        final TestClient client = open();

        client.connection.onFrame(ByteBuffer.allocate(0xfffff + 1));

        assertThat(client.channel.closeReasons)
                .containsExactly("frame too large: bytes=1048576, jute.maxbuffer=1048575");
    }

    @Test
    void shouldCloseAConnectionThatWaitsForTooMuch() {
        final TestClient client = openManual();
        for (int i = 0; i < FrontEndConfig.DEFAULT_MAX_OUTSTANDING; i++) {
            client.send(OpCode.CREATE2, new CreateRequest("/s", DATA, OPEN, 2));
        }
        assertThat(client.channel.isClosed()).isFalse();

        client.send(OpCode.PING);

        assertThat(client.channel.closeReasons).containsExactly("too many unanswered requests: maxOutstanding=1000");
    }

    @Test
    void shouldBoundTheConnectionsOfAnAddress() {
        for (int i = 0; i < 60; i++) {
            assertThat(new TestClient(frontEnd, new ClientPeer("10.0.0.1", i)).channel.isClosed())
                    .isFalse();
        }

        final TestClient last = new TestClient(frontEnd, new ClientPeer("10.0.0.1", 61));

        assertThat(last.channel.closeReasons)
                .containsExactly("too many connections of one address: host=10.0.0.1, maxClientCnxns=60");
        assertThat(new TestClient(frontEnd, new ClientPeer("10.0.0.2", 1)).channel.isClosed())
                .isFalse();
    }

    @Test
    void shouldSayUnimplementedAndClose() {
        for (int code : new int[] {0, 10, OpCode.CHECK.code(), 20, 23, 99, 108, -10, -1, Integer.MAX_VALUE}) {
            final TestClient client = open();

            client.connection.onFrame(Records.request(5, code, new CheckVersionRequest("/a", 0)));

            assertThat(client.reply(5).getErr()).as("code %s", code).isEqualTo(ErrorCode.UNIMPLEMENTED.code());
            assertThat(client.channel.isClosed()).isTrue();
        }
    }

    @Test
    void shouldCloseWhenItServesNobody() {
        final TestClient client = open();
        replica.serve(false);

        client.send(OpCode.PING);

        assertThat(client.channel.closeReasons).hasSize(1);
        final TestClient late = new TestClient(frontEnd);
        late.connection.onFrame(Records.connect(0, 5000, 0, new byte[16]));
        assertThat(late.channel.closeReasons).hasSize(1);
        assertThat(late.channel.frames).isEmpty();
    }

    @Test
    void shouldAnswerOrCloseWhateverComes() {
        final Random random = new Random(3);
        for (int round = 0; round < 3000; round++) {
            final TestClient client = open();
            final int before = client.channel.kinds.length();
            for (int i = 0; i < 5 && !client.channel.isClosed(); i++) {
                client.connection.onFrame(noise(random));
            }
            final int replies = client.channel.kinds.length() - before;
            assertThat(client.channel.isClosed() || replies == 5)
                    .as("round %s", round)
                    .isTrue();
            client.connection.onClosed();
        }
        assertThat(frontEnd.connections()).isEmpty();
    }

    private static ByteBuffer noise(Random random) {
        final byte[] bytes = new byte[random.nextInt(80)];
        random.nextBytes(bytes);
        final ByteBuffer frame = ByteBuffer.wrap(bytes);
        if (bytes.length >= 8 && random.nextInt(4) > 0) {
            frame.putInt(4, OpCode.values()[random.nextInt(OpCode.values().length)].code());
        }
        return frame;
    }

    @Test
    void shouldCloseOnAHandshakeThatIsNone() {
        final Random random = new Random(5);
        for (int round = 0; round < 2000; round++) {
            final TestClient client = new TestClient(frontEnd, new ClientPeer("10.0.0." + round % 200, round));
            final byte[] bytes = new byte[random.nextInt(60)];
            random.nextBytes(bytes);

            client.connection.onFrame(ByteBuffer.wrap(bytes));

            assertThat(client.channel.isClosed() || client.connection.sessionId() != 0)
                    .isTrue();
            client.connection.onClosed();
        }
    }
}
