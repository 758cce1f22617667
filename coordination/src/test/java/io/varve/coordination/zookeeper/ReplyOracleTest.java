// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.coordination.zookeeper;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.util.List;
import org.apache.zookeeper.CreateMode;
import org.apache.zookeeper.MultiOperationRecord;
import org.apache.zookeeper.MultiResponse;
import org.apache.zookeeper.Op;
import org.apache.zookeeper.OpResult;
import org.apache.zookeeper.ZooDefs;
import org.apache.zookeeper.data.ACL;
import org.apache.zookeeper.data.ClientInfo;
import org.apache.zookeeper.data.Id;
import org.apache.zookeeper.data.Stat;
import org.apache.zookeeper.proto.*;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What we write is what Apache ZooKeeper's client reads; reply by reply. */
class ReplyOracleTest {

    private static final List<ACL> OPEN = ZooDefs.Ids.OPEN_ACL_UNSAFE;
    private static final byte[] DATA = {1, 2, 3};

    private final FakeReplica replica = FakeReplica.immediate();
    private TestClient client;

    @BeforeEach
    void connect() {
        client = new TestClient(TestClient.frontEnd(replica));
        final ConnectResponse response = client.open();
        assertThat(response.getSessionId()).isNotZero();
        assertThat(response.getTimeOut()).isEqualTo(10_000);
        assertThat(response.getPasswd()).hasSize(16);
        assertThat(response.getReadOnly()).isFalse();
    }

    private String create(String path, byte[] data) {
        final ByteBuffer frame = client.call(ErrorCode.OK, OpCode.CREATE, new CreateRequest(path, data, OPEN, 0));
        return Records.read(frame, new CreateResponse()).getPath();
    }

    private static void assertEnd(ByteBuffer frame) {
        assertThat(frame.remaining()).isZero();
    }

    @Test
    void shouldAnswerCreations() {
        assertThat(create("/a", DATA)).isEqualTo("/a");

        final ByteBuffer second = client.call(ErrorCode.OK, OpCode.CREATE2, new CreateRequest("/a/s-", DATA, OPEN, 2));
        final Create2Response sequential = Records.read(second, new Create2Response());
        assertThat(sequential.getPath()).isEqualTo("/a/s-0000000000");
        assertThat(sequential.getStat().getDataLength()).isEqualTo(3);
        assertThat(sequential.getStat().getCzxid()).isEqualTo(replica.tree().lastZxid());
        assertEnd(second);

        final ByteBuffer third =
                client.call(ErrorCode.OK, OpCode.CREATE_CONTAINER, new CreateRequest("/c", DATA, OPEN, 4));
        assertThat(Records.read(third, new Create2Response()).getPath()).isEqualTo("/c");
        assertEnd(third);

        final ByteBuffer fourth =
                client.call(ErrorCode.OK, OpCode.CREATE_TTL, new CreateTTLRequest("/t", DATA, OPEN, 5, 1000));
        assertThat(Records.read(fourth, new Create2Response()).getPath()).isEqualTo("/t");
        assertEnd(fourth);

        assertEnd(client.call(ErrorCode.NODE_EXISTS, OpCode.CREATE, new CreateRequest("/a", DATA, OPEN, 0)));
        assertEnd(client.call(ErrorCode.NO_NODE, OpCode.CREATE, new CreateRequest("/x/y", DATA, OPEN, 0)));
        assertEnd(client.call(ErrorCode.INVALID_ACL, OpCode.CREATE, new CreateRequest("/y", DATA, List.of(), 0)));
        assertEnd(client.call(ErrorCode.BAD_ARGUMENTS, OpCode.CREATE, new CreateRequest("/y", DATA, OPEN, 99)));
        assertEnd(client.call(ErrorCode.BAD_ARGUMENTS, OpCode.CREATE, new CreateRequest("y", DATA, OPEN, 0)));
    }

    @Test
    void shouldAnswerReads() {
        create("/a", DATA);
        create("/a/b", null);
        create("/a/c", new byte[0]);

        final ByteBuffer data = client.call(ErrorCode.OK, OpCode.GET_DATA, new GetDataRequest("/a", false));
        final GetDataResponse response = Records.read(data, new GetDataResponse());
        assertThat(response.getData()).isEqualTo(DATA);
        assertThat(response.getStat().getNumChildren()).isEqualTo(2);
        assertThat(response.getStat().getCversion()).isEqualTo(2);
        assertThat(response.getStat().getPzxid()).isEqualTo(replica.tree().lastZxid());
        assertEnd(data);

        final ByteBuffer none = client.call(ErrorCode.OK, OpCode.GET_DATA, new GetDataRequest("/a/b", false));
        assertThat(Records.read(none, new GetDataResponse()).getData()).isNull();
        final ByteBuffer empty = client.call(ErrorCode.OK, OpCode.GET_DATA, new GetDataRequest("/a/c", false));
        assertThat(Records.read(empty, new GetDataResponse()).getData()).isEmpty();

        final ByteBuffer exists = client.call(ErrorCode.OK, OpCode.EXISTS, new ExistsRequest("/a", false));
        assertThat(Records.read(exists, new ExistsResponse()).getStat()).isEqualTo(response.getStat());
        assertEnd(exists);

        final ByteBuffer names = client.call(ErrorCode.OK, OpCode.GET_CHILDREN, new GetChildrenRequest("/a", false));
        assertThat(Records.read(names, new GetChildrenResponse()).getChildren()).containsExactlyInAnyOrder("b", "c");
        assertEnd(names);

        final ByteBuffer children =
                client.call(ErrorCode.OK, OpCode.GET_CHILDREN2, new GetChildren2Request("/a", false));
        final GetChildren2Response both = Records.read(children, new GetChildren2Response());
        assertThat(both.getChildren()).containsExactlyInAnyOrder("b", "c");
        assertThat(both.getStat()).isEqualTo(response.getStat());
        assertEnd(children);

        final ByteBuffer number =
                client.call(ErrorCode.OK, OpCode.GET_ALL_CHILDREN_NUMBER, new GetAllChildrenNumberRequest("/a"));
        assertThat(Records.read(number, new GetAllChildrenNumberResponse()).getTotalNumber())
                .isEqualTo(2);
        assertEnd(number);

        for (OpCode opCode : List.of(OpCode.GET_DATA, OpCode.EXISTS, OpCode.GET_CHILDREN, OpCode.GET_CHILDREN2)) {
            assertEnd(client.call(ErrorCode.NO_NODE, opCode, new GetDataRequest("/none", false)));
        }
        assertEnd(client.call(ErrorCode.NO_NODE, OpCode.GET_ACL, new GetACLRequest("/none")));
        assertEnd(client.call(
                ErrorCode.NO_NODE, OpCode.GET_ALL_CHILDREN_NUMBER, new GetAllChildrenNumberRequest("/none")));
        assertEnd(client.call(ErrorCode.BAD_ARGUMENTS, OpCode.EXISTS, new ExistsRequest("/\0", false)));
    }

    @Test
    void shouldAnswerUpdates() {
        create("/a", DATA);

        final ByteBuffer set = client.call(ErrorCode.OK, OpCode.SET_DATA, new SetDataRequest("/a", DATA, 0));
        assertThat(Records.read(set, new SetDataResponse()).getStat().getVersion())
                .isEqualTo(1);
        assertEnd(set);
        assertEnd(client.call(ErrorCode.BAD_VERSION, OpCode.SET_DATA, new SetDataRequest("/a", DATA, 0)));

        final ByteBuffer acl = client.call(ErrorCode.OK, OpCode.SET_ACL, new SetACLRequest("/a", OPEN, 0));
        assertThat(Records.read(acl, new SetACLResponse()).getStat().getAversion())
                .isEqualTo(1);
        assertEnd(acl);

        assertEnd(client.call(ErrorCode.BAD_VERSION, OpCode.DELETE, new DeleteRequest("/a", 0)));
        assertEnd(client.call(ErrorCode.OK, OpCode.DELETE, new DeleteRequest("/a", 1)));
        assertEnd(client.call(ErrorCode.NO_NODE, OpCode.DELETE, new DeleteRequest("/a", -1)));
    }

    @Test
    void shouldAnswerMultis() {
        create("/a", DATA);

        final ByteBuffer done = client.call(
                ErrorCode.OK,
                OpCode.MULTI,
                new MultiOperationRecord(List.of(
                        Op.check("/a", 0),
                        Op.create("/a/1", DATA, OPEN, CreateMode.PERSISTENT),
                        Op.create("/a/2", DATA, OPEN, CreateMode.CONTAINER),
                        Op.setData("/a", DATA, 0),
                        Op.delete("/a/1", -1))));
        final List<OpResult> results = Records.read(done, new MultiResponse()).getResultList();
        assertThat(results).hasSize(5);
        assertThat(results.get(0)).isInstanceOf(OpResult.CheckResult.class);
        assertThat(((OpResult.CreateResult) results.get(1)).getPath()).isEqualTo("/a/1");
        assertThat(((OpResult.CreateResult) results.get(1)).getStat()).isNull();
        assertThat(((OpResult.CreateResult) results.get(2)).getStat()).isNotNull();
        assertThat(((OpResult.SetDataResult) results.get(3)).getStat().getVersion())
                .isEqualTo(1);
        assertThat(results.get(4)).isInstanceOf(OpResult.DeleteResult.class);
        assertEnd(done);

        final ByteBuffer failed = client.call(
                ErrorCode.OK,
                OpCode.MULTI,
                new MultiOperationRecord(
                        List.of(Op.setData("/a", DATA, -1), Op.delete("/none", -1), Op.delete("/a/2", -1))));
        assertThat(Records.read(failed, new MultiResponse()).getResultList())
                .containsExactly(
                        new OpResult.ErrorResult(0), new OpResult.ErrorResult(-101), new OpResult.ErrorResult(-2));
        assertEnd(failed);

        final ByteBuffer nothing = client.call(ErrorCode.OK, OpCode.MULTI, new MultiOperationRecord());
        assertThat(Records.read(nothing, new MultiResponse()).getResultList()).isEmpty();
    }

    @Test
    void shouldAnswerMultisOfReads() {
        create("/a", DATA);
        create("/a/b", DATA);

        final ByteBuffer frame = client.call(
                ErrorCode.OK,
                OpCode.MULTI_READ,
                new MultiOperationRecord(List.of(Op.getData("/a"), Op.getChildren("/none"), Op.getChildren("/a"))));

        final List<OpResult> results = Records.read(frame, new MultiResponse()).getResultList();
        assertThat(((OpResult.GetDataResult) results.get(0)).getData()).isEqualTo(DATA);
        assertThat(results.get(1)).isEqualTo(new OpResult.ErrorResult(-101));
        assertThat(((OpResult.GetChildrenResult) results.get(2)).getChildren()).containsExactly("b");
        assertEnd(frame);
    }

    @Test
    void shouldRefuseToMixReadsAndWrites() {
        assertEnd(client.call(
                ErrorCode.MARSHALLING_ERROR,
                OpCode.MULTI_READ,
                new MultiOperationRecord(List.of(Op.delete("/a", -1)))));
        assertEnd(client.call(
                ErrorCode.MARSHALLING_ERROR, OpCode.MULTI, new MultiOperationRecord(List.of(Op.getData("/a")))));
    }

    @Test
    void shouldBoundTheReplyToAMultiOfReads() {
        create("/large", new byte[300_000]);

        assertEnd(client.call(
                ErrorCode.BAD_ARGUMENTS,
                OpCode.MULTI_READ,
                new MultiOperationRecord(List.of(
                        Op.getData("/large"), Op.getData("/large"), Op.getData("/large"), Op.getData("/large")))));
    }

    @Test
    void shouldAnswerAboutAccessLists() {
        client.call(ErrorCode.OK, OpCode.AUTH, new AuthPacket(0, "digest", "me:secret".getBytes()));
        client.call(
                ErrorCode.OK,
                OpCode.CREATE,
                new CreateRequest(
                        "/mine",
                        DATA,
                        List.of(new ACL(31, new Id("auth", "")), new ACL(1, new Id("world", "anyone"))),
                        0));

        final ByteBuffer own = client.call(ErrorCode.OK, OpCode.GET_ACL, new GetACLRequest("/mine"));
        final GetACLResponse acl = Records.read(own, new GetACLResponse());
        assertThat(acl.getAcl().get(0).getId().getId()).startsWith("me:").isNotEqualTo("me:x");
        assertThat(acl.getStat().getDataLength()).isEqualTo(3);
        assertEnd(own);

        final TestClient other = new TestClient(TestClient.frontEnd(replica), new ClientPeer("10.0.0.9", 1));
        other.open();
        final ByteBuffer hidden = other.call(ErrorCode.OK, OpCode.GET_ACL, new GetACLRequest("/mine"));
        assertThat(Records.read(hidden, new GetACLResponse())
                        .getAcl()
                        .get(0)
                        .getId()
                        .getId())
                .isEqualTo("me:x");
        assertEnd(other.call(ErrorCode.NO_AUTH, OpCode.SET_DATA, new SetDataRequest("/mine", DATA, -1)));
    }

    @Test
    void shouldAnswerTheRest() {
        client.call(ErrorCode.OK, OpCode.CREATE, new CreateRequest("/e1", DATA, OPEN, 1));
        client.call(ErrorCode.OK, OpCode.CREATE, new CreateRequest("/f1", DATA, OPEN, 1));

        final ByteBuffer all = client.call(ErrorCode.OK, OpCode.GET_EPHEMERALS, new GetEphemeralsRequest("/"));
        assertThat(Records.read(all, new GetEphemeralsResponse()).getEphemerals())
                .containsExactly("/e1", "/f1");
        final ByteBuffer some = client.call(ErrorCode.OK, OpCode.GET_EPHEMERALS, new GetEphemeralsRequest("/f"));
        assertThat(Records.read(some, new GetEphemeralsResponse()).getEphemerals())
                .containsExactly("/f1");

        final ByteBuffer sync = client.call(ErrorCode.OK, OpCode.SYNC, new SyncRequest("/e1"));
        assertThat(Records.read(sync, new SyncResponse()).getPath()).isEqualTo("/e1");
        assertEnd(sync);

        client.call(ErrorCode.OK, OpCode.AUTH, new AuthPacket(0, "digest", "me:secret".getBytes()));
        final ByteBuffer who = client.call(ErrorCode.OK, OpCode.WHO_AM_I);
        assertThat(Records.read(who, new WhoAmIResponse()).getClientInfo())
                .containsExactly(new ClientInfo("ip", "127.0.0.1"), new ClientInfo("digest", "me"));
        assertEnd(who);

        assertEnd(client.call(ErrorCode.OK, OpCode.PING));

        final ByteBuffer config =
                client.call(ErrorCode.OK, OpCode.GET_DATA, new GetDataRequest(ZooDefs.CONFIG_NODE, false));
        assertThat(Records.read(config, new GetDataResponse()).getStat()).isInstanceOf(Stat.class);

        assertEnd(client.call(ErrorCode.RECONFIG_DISABLED, OpCode.RECONFIG, new ReconfigRequest(null, "3", null, -1)));
    }

    @Test
    void shouldSendEvents() {
        create("/a", DATA);
        client.call(ErrorCode.OK, OpCode.GET_DATA, new GetDataRequest("/a", true));
        client.channel.kinds.setLength(0);
        final int xid = client.send(OpCode.SET_DATA, new SetDataRequest("/a", DATA, -1));

        assertThat(client.channel.kinds).hasToString("ER");
        final ByteBuffer frame = client.channel.frames.remove();
        final ReplyHeader header = Records.header(frame);
        assertThat(header.getXid()).isEqualTo(-1);
        assertThat(header.getZxid()).isEqualTo(replica.tree().lastZxid());
        assertThat(Records.read(frame, new WatcherEvent())).isEqualTo(new WatcherEvent(3, 3, "/a"));
        assertEnd(frame);
        assertThat(client.reply(xid).getZxid()).isEqualTo(replica.tree().lastZxid());
    }
}
