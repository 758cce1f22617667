// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.coordination.zookeeper;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.varve.coordination.tree.CreateMode;
import io.varve.coordination.tree.TreeOp;
import io.varve.coordination.tree.WatchKind;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.Consumer;
import org.apache.jute.Record;
import org.apache.zookeeper.AddWatchMode;
import org.apache.zookeeper.MultiOperationRecord;
import org.apache.zookeeper.Op;
import org.apache.zookeeper.Watcher.WatcherType;
import org.apache.zookeeper.ZooDefs;
import org.apache.zookeeper.data.ACL;
import org.apache.zookeeper.data.Id;
import org.apache.zookeeper.proto.AddWatchRequest;
import org.apache.zookeeper.proto.AuthPacket;
import org.apache.zookeeper.proto.CheckVersionRequest;
import org.apache.zookeeper.proto.CheckWatchesRequest;
import org.apache.zookeeper.proto.ConnectRequest;
import org.apache.zookeeper.proto.CreateRequest;
import org.apache.zookeeper.proto.CreateTTLRequest;
import org.apache.zookeeper.proto.DeleteRequest;
import org.apache.zookeeper.proto.ExistsRequest;
import org.apache.zookeeper.proto.GetACLRequest;
import org.apache.zookeeper.proto.GetAllChildrenNumberRequest;
import org.apache.zookeeper.proto.GetChildren2Request;
import org.apache.zookeeper.proto.GetChildrenRequest;
import org.apache.zookeeper.proto.GetDataRequest;
import org.apache.zookeeper.proto.GetEphemeralsRequest;
import org.apache.zookeeper.proto.GetSASLRequest;
import org.apache.zookeeper.proto.ReconfigRequest;
import org.apache.zookeeper.proto.RemoveWatchesRequest;
import org.apache.zookeeper.proto.SetACLRequest;
import org.apache.zookeeper.proto.SetDataRequest;
import org.apache.zookeeper.proto.SetWatches;
import org.apache.zookeeper.proto.SetWatches2;
import org.apache.zookeeper.proto.SyncRequest;
import org.junit.jupiter.api.Test;

/** What Apache ZooKeeper's client writes is what we read. */
class RequestOracleTest {

    private static final byte[] DATA = {1, 2, 3};
    private static final List<ACL> ACLS = List.of(
            new ACL(31, new Id("world", "anyone")),
            new ACL(5, new Id("digest", "u:hash")),
            new ACL(1, new Id("ip", "::1")));
    private static final List<io.varve.coordination.tree.Acl> OUR_ACLS = List.of(
            new io.varve.coordination.tree.Acl(31, "world", "anyone"),
            new io.varve.coordination.tree.Acl(5, "digest", "u:hash"),
            new io.varve.coordination.tree.Acl(1, "ip", "::1"));

    /** A frame of theirs for every code, and what must be read from it. */
    private record Sample(Record[] records, Consumer<Request> check) {
        static Sample of(Consumer<Request> check, Record... records) {
            return new Sample(records, check);
        }
    }

    private static Map<OpCode, Sample> samples() {
        final Map<OpCode, Sample> samples = new EnumMap<>(OpCode.class);
        samples.put(
                OpCode.CREATE,
                Sample.of(
                        request -> assertCreate(request, OpCode.CREATE, CreateMode.EPHEMERAL_SEQUENTIAL, -1),
                        new CreateRequest("/ü", DATA, ACLS, 3)));
        samples.put(
                OpCode.CREATE2,
                Sample.of(
                        request -> assertCreate(request, OpCode.CREATE2, CreateMode.PERSISTENT_SEQUENTIAL, -1),
                        new CreateRequest("/ü", DATA, ACLS, 2)));
        samples.put(
                OpCode.CREATE_CONTAINER,
                Sample.of(
                        request -> assertCreate(request, OpCode.CREATE_CONTAINER, CreateMode.CONTAINER, -1),
                        new CreateRequest("/ü", DATA, ACLS, 4)));
        samples.put(
                OpCode.CREATE_TTL,
                Sample.of(
                        request -> assertCreate(request, OpCode.CREATE_TTL, CreateMode.PERSISTENT_WITH_TTL, 77),
                        new CreateTTLRequest("/ü", DATA, ACLS, 5, 77)));
        samples.put(
                OpCode.DELETE,
                Sample.of(
                        request -> assertThat(operation(request)).isEqualTo(new TreeOp.Delete("/d", 4)),
                        new DeleteRequest("/d", 4)));
        samples.put(
                OpCode.SET_DATA,
                Sample.of(
                        request -> {
                            final TreeOp.Set set = (TreeOp.Set) operation(request);
                            assertThat(set.path()).isEqualTo("/s");
                            assertThat(set.data()).isEqualTo(DATA);
                            assertThat(set.expectedVersion()).isEqualTo(-1);
                        },
                        new SetDataRequest("/s", DATA, -1)));
        samples.put(
                OpCode.SET_ACL,
                Sample.of(
                        request -> assertThat(operation(request)).isEqualTo(new TreeOp.SetAcl("/a", OUR_ACLS, 9)),
                        new SetACLRequest("/a", ACLS, 9)));
        samples.put(OpCode.EXISTS, same(new ReadRequest.Exists("/e", true), new ExistsRequest("/e", true)));
        samples.put(OpCode.GET_DATA, same(new ReadRequest.GetData("/g", false), new GetDataRequest("/g", false)));
        samples.put(OpCode.GET_ACL, same(new ReadRequest.GetAcl("/g"), new GetACLRequest("/g")));
        samples.put(
                OpCode.GET_CHILDREN,
                same(new ReadRequest.GetChildren("/c", true, false), new GetChildrenRequest("/c", true)));
        samples.put(
                OpCode.GET_CHILDREN2,
                same(new ReadRequest.GetChildren("/c", false, true), new GetChildren2Request("/c", false)));
        samples.put(
                OpCode.GET_ALL_CHILDREN_NUMBER,
                same(new ReadRequest.GetAllChildrenNumber("/n"), new GetAllChildrenNumberRequest("/n")));
        samples.put(OpCode.GET_EPHEMERALS, same(new ReadRequest.GetEphemerals("/p"), new GetEphemeralsRequest("/p")));
        samples.put(OpCode.SYNC, same(new Request.Sync("/y"), new SyncRequest("/y")));
        samples.put(OpCode.PING, same(new ReadRequest.Ping()));
        samples.put(OpCode.WHO_AM_I, same(new ReadRequest.WhoAmI()));
        samples.put(OpCode.CLOSE_SESSION, same(new Request.CloseSession()));
        samples.put(OpCode.SASL, same(new Request.Sasl(), new GetSASLRequest(DATA)));
        samples.put(
                OpCode.CHECK,
                same(new Request.Refused(OpCode.CHECK, ErrorCode.UNIMPLEMENTED), new CheckVersionRequest("/c", 1)));
        samples.put(
                OpCode.RECONFIG,
                same(
                        new Request.Reconfig(new MembershipChange("server.4=d:1:2", "3", null, 0x1f)),
                        new ReconfigRequest("server.4=d:1:2", "3", null, 0x1f)));
        samples.put(
                OpCode.AUTH,
                Sample.of(
                        request -> {
                            final Request.Auth auth = (Request.Auth) request;
                            assertThat(auth.scheme()).isEqualTo("digest");
                            assertThat(auth.proof()).isEqualTo(DATA);
                        },
                        new AuthPacket(0, "digest", DATA)));
        samples.put(
                OpCode.ADD_WATCH,
                same(
                        new WatchRequest.AddWatch("/w", WatchKind.PERSISTENT_RECURSIVE),
                        new AddWatchRequest("/w", AddWatchMode.PERSISTENT_RECURSIVE.getMode())));
        samples.put(
                OpCode.CHECK_WATCHES,
                same(
                        new WatchRequest.CheckWatches("/w", WatchKind.PERSISTENT),
                        new CheckWatchesRequest("/w", WatcherType.Persistent.getIntValue())));
        samples.put(
                OpCode.REMOVE_WATCHES,
                same(
                        new WatchRequest.RemoveWatches("/w", null),
                        new RemoveWatchesRequest("/w", WatcherType.Any.getIntValue())));
        samples.put(
                OpCode.SET_WATCHES,
                same(
                        new WatchRequest.SetWatches(
                                OpCode.SET_WATCHES,
                                8,
                                List.of("/a"),
                                List.of("/b", "/c"),
                                List.of(),
                                List.of(),
                                List.of()),
                        new SetWatches(8, List.of("/a"), List.of("/b", "/c"), List.of())));
        samples.put(
                OpCode.SET_WATCHES2,
                same(
                        new WatchRequest.SetWatches(
                                OpCode.SET_WATCHES2,
                                8,
                                List.of(),
                                List.of(),
                                List.of("/c"),
                                List.of("/p"),
                                List.of("/r")),
                        new SetWatches2(8, List.of(), List.of(), List.of("/c"), List.of("/p"), List.of("/r"))));
        samples.put(OpCode.MULTI, Sample.of(RequestOracleTest::assertMulti, multi()));
        samples.put(
                OpCode.MULTI_READ,
                same(
                        new ReadRequest.MultiRead(List.of(
                                new ReadRequest.GetData("/a", false), new ReadRequest.GetChildren("/b", false, false))),
                        new MultiOperationRecord(List.of(Op.getData("/a"), Op.getChildren("/b")))));
        return samples;
    }

    private static Sample same(Request expected, Record... records) {
        return Sample.of(request -> assertThat(request).isEqualTo(expected), records);
    }

    private static TreeOp operation(Request request) {
        return ((WriteRequest) request).operations().get(0);
    }

    private static void assertCreate(Request request, OpCode opCode, CreateMode mode, long ttlMs) {
        assertThat(request.opCode()).isEqualTo(opCode);
        final TreeOp.Create create = (TreeOp.Create) operation(request);
        assertThat(create.path()).isEqualTo("/ü");
        assertThat(create.data()).isEqualTo(DATA);
        assertThat(create.acl()).isEqualTo(OUR_ACLS);
        assertThat(create.mode()).isEqualTo(mode);
        assertThat(create.ttlMs()).isEqualTo(ttlMs);
    }

    private static MultiOperationRecord multi() {
        return new MultiOperationRecord(List.of(
                Op.create("/a", null, ZooDefs.Ids.OPEN_ACL_UNSAFE, org.apache.zookeeper.CreateMode.EPHEMERAL),
                Op.create("/b", DATA, ZooDefs.Ids.OPEN_ACL_UNSAFE, org.apache.zookeeper.CreateMode.CONTAINER),
                Op.create(
                        "/c",
                        DATA,
                        ZooDefs.Ids.OPEN_ACL_UNSAFE,
                        org.apache.zookeeper.CreateMode.PERSISTENT_SEQUENTIAL_WITH_TTL,
                        99),
                Op.delete("/d", 1),
                Op.setData("/e", DATA, 2),
                Op.check("/f", 3)));
    }

    private static void assertMulti(Request request) {
        final WriteRequest multi = (WriteRequest) request;
        assertThat(multi.parts())
                .containsExactly(
                        OpCode.CREATE,
                        OpCode.CREATE_CONTAINER,
                        OpCode.CREATE_TTL,
                        OpCode.DELETE,
                        OpCode.SET_DATA,
                        OpCode.CHECK);
        assertThat(((TreeOp.Create) multi.operations().get(0)).data()).isSameAs(TreeOp.NO_DATA);
        assertThat(((TreeOp.Create) multi.operations().get(1)).mode()).isEqualTo(CreateMode.CONTAINER);
        assertThat(((TreeOp.Create) multi.operations().get(2)).ttlMs()).isEqualTo(99);
        assertThat(multi.operations().get(3)).isEqualTo(new TreeOp.Delete("/d", 1));
        assertThat(multi.operations().get(5)).isEqualTo(new TreeOp.Check("/f", 3));
    }

    @Test
    void shouldReadWhatTheirClientWrites() {
        samples().forEach((opCode, sample) -> {
            final ByteBuffer frame = Records.frame(sample.records());

            final Request request = RequestReader.read(opCode, new JuteReader(frame));

            assertThat(request.opCode()).isEqualTo(opCode);
            sample.check().accept(request);
            if (opCode != OpCode.SASL && opCode != OpCode.CHECK) {
                assertThat(frame.remaining()).as("bytes left of %s", opCode).isZero();
            }
        });
    }

    @Test
    void shouldHaveASampleOfEveryRequest() {
        assertThat(samples().keySet()).containsExactlyInAnyOrder(OpCode.values());
    }

    @Test
    void shouldKnowTheNumbersOfEveryRequest() throws IllegalAccessException {
        final List<Integer> theirs = new ArrayList<>();
        for (java.lang.reflect.Field field : ZooDefs.OpCode.class.getFields()) {
            theirs.add(field.getInt(null));
        }
        // Not sent by clients: notification, createSession, error; and one that would pass by all access lists.
        theirs.removeAll(List.of(
                ZooDefs.OpCode.notification,
                ZooDefs.OpCode.createSession,
                ZooDefs.OpCode.error,
                ZooDefs.OpCode.deleteContainer));

        assertThat(theirs)
                .allSatisfy(
                        code -> assertThat(OpCode.of(code)).as("code %s", code).isNotNull());
        assertThat(theirs).hasSize(OpCode.values().length);
        assertThat(OpCode.of(ZooDefs.OpCode.deleteContainer)).isNull();
    }

    @Test
    void shouldRefuseModesThatDoNotExist() {
        final ByteBuffer frame = Records.frame(new CreateRequest("/c", DATA, ACLS, 7));

        assertThat(RequestReader.read(OpCode.CREATE, new JuteReader(frame)))
                .isEqualTo(new Request.Refused(OpCode.CREATE, ErrorCode.BAD_ARGUMENTS));
    }

    @Test
    void shouldReadTheHandshakeOfOldAndNewClients() {
        final ByteBuffer full = Records.frame(new ConnectRequest(0, 5, 9000, 77, DATA, true));
        final ByteBuffer old = full.duplicate().limit(full.limit() - 1);

        final Handshake ofNew = Handshake.read(full);
        final Handshake ofOld = Handshake.read(old);

        assertThat(ofNew.knowsReadOnly()).isTrue();
        assertThat(ofOld.knowsReadOnly()).isFalse();
        for (Handshake handshake : List.of(ofNew, ofOld)) {
            assertThat(handshake.seenZxid()).isEqualTo(5);
            assertThat(handshake.timeoutMs()).isEqualTo(9000);
            assertThat(handshake.sessionId()).isEqualTo(77);
            assertThat(handshake.password()).isEqualTo(DATA);
        }
    }

    /** Cut anywhere, changed anywhere: a request or the one exception, and never more memory than the frame is long. */
    @Test
    void shouldFailInOneWayOnly() {
        final Random random = new Random(7);
        samples().forEach((opCode, sample) -> {
            final ByteBuffer whole = Records.frame(sample.records());
            for (int cut = 0; cut < whole.limit(); cut++) {
                read(opCode, whole.duplicate().limit(cut));
            }
            for (int i = 0; i < 500; i++) {
                final byte[] bytes = whole.array().clone();
                for (int j = random.nextInt(4); j >= 0 && bytes.length > 0; j--) {
                    bytes[random.nextInt(bytes.length)] = (byte) random.nextInt();
                }
                read(opCode, ByteBuffer.wrap(bytes));
            }
            for (int i = 0; i < 500; i++) {
                final byte[] bytes = new byte[random.nextInt(64)];
                random.nextBytes(bytes);
                read(opCode, ByteBuffer.wrap(bytes));
            }
        });
    }

    private static void read(OpCode opCode, ByteBuffer frame) {
        try {
            RequestReader.read(opCode, new JuteReader(frame));
        } catch (MalformedFrameException e) {
            assertThat(e).hasMessageMatching(".*[a-z].*");
        }
    }

    @Test
    void shouldBelieveNoLength() {
        for (int length : new int[] {Integer.MAX_VALUE, Integer.MIN_VALUE, -2, 5}) {
            final ByteBuffer frame =
                    ByteBuffer.allocate(8).putInt(length).putInt(0).flip();

            assertThatThrownBy(() -> new JuteReader(frame.duplicate()).readBytes())
                    .isInstanceOf(MalformedFrameException.class);
            assertThatThrownBy(() -> new JuteReader(frame.duplicate()).readPaths())
                    .isInstanceOf(MalformedFrameException.class);
            assertThatThrownBy(() -> new JuteReader(frame.duplicate()).readAcls())
                    .isInstanceOf(MalformedFrameException.class);
        }
    }
}
