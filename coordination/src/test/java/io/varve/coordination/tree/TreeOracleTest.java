// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.coordination.tree;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.apache.zookeeper.AddWatchMode;
import org.apache.zookeeper.KeeperException;
import org.apache.zookeeper.Op;
import org.apache.zookeeper.OpResult;
import org.apache.zookeeper.ZooKeeper;
import org.apache.zookeeper.data.ACL;
import org.apache.zookeeper.data.Id;
import org.apache.zookeeper.data.Stat;
import org.apache.zookeeper.server.auth.DigestAuthenticationProvider;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Random scripts of operations on an Apache ZooKeeper server and on the machine: equal results, errors, access lists and stats, with
 * transaction numbers and session ids translated one to one and times left out.
 *
 * <p>What differs on purpose: hard quotas inside a multi, which ZooKeeper checks against the tree before the multi and the machine
 * against the tree as its operations find it; so scripts with quotas have no multis. And the text of a quota that is none, with which
 * ZooKeeper fails all writes below the path, limits nothing here.
 *
 * <p>{@code -Dvarve.scripts=10000} runs more, {@code -Dvarve.seed=7} begins with another seed.
 */
class TreeOracleTest {

    private static final int SCRIPTS = Integer.getInteger("varve.scripts", 200);
    private static final long FIRST_SEED = Long.getLong("varve.seed", 1);
    private static final int STEPS = 40;
    private static final int WATCHING_CLIENT = 2;
    private static final String USER = "ada:secret";

    /** What came of all operations and watches, so that no part of ZooKeeper's behaviour goes by untried. */
    private static final Set<String> ERRORS = new TreeSet<>();

    private static final Set<String> EVENTS = new TreeSet<>();
    private static final Set<CreateMode> MODES = new TreeSet<>();

    private static ZooKeeperOracle oracle;
    private static final List<ZooKeeper> CLIENTS = new ArrayList<>();

    @BeforeAll
    static void start(@TempDir Path directory) throws Exception {
        oracle = ZooKeeperOracle.start(directory);
        for (int i = 0; i < 3; i++) {
            CLIENTS.add(connect(i));
        }
    }

    @AfterAll
    static void stop() throws Exception {
        for (ZooKeeper client : CLIENTS) {
            client.close();
        }
        oracle.close();
    }

    /** The first client has proven who it is. */
    private static ZooKeeper connect(int client) throws Exception {
        ZooKeeper connected = oracle.connect();
        if (client == 0) {
            connected.addAuthInfo("digest", USER.getBytes(StandardCharsets.UTF_8));
        }
        return connected;
    }

    @Test
    void shouldDoAsZooKeeperDoes() throws Exception {
        for (long seed = FIRST_SEED; seed < FIRST_SEED + SCRIPTS; seed++) {
            Script script = new Script(seed);
            try {
                script.run();
            } catch (AssertionError | Exception e) {
                throw new AssertionError(
                        "seed=" + seed + "\n" + String.join("\n", script.steps) + "\n" + e.getMessage(), e);
            }
        }
        if (SCRIPTS >= 100) {
            assertAllWasTried();
        }
    }

    private static void assertAllWasTried() {
        assertThat(ERRORS)
                .contains(
                        "NONODE",
                        "NODEEXISTS",
                        "BADVERSION",
                        "NOTEMPTY",
                        "NOAUTH",
                        "INVALIDACL",
                        "NOCHILDRENFOREPHEMERALS",
                        "QUOTAEXCEEDED",
                        "RUNTIMEINCONSISTENCY");
        assertThat(EVENTS).contains("NODECREATED", "NODEDELETED", "NODEDATACHANGED", "NODECHILDRENCHANGED");
        assertThat(MODES).containsExactly(CreateMode.values());
    }

    /** One script: a part of the server's tree of its own, and a machine of its own. */
    private static final class Script {

        private final Random random;
        private final String top;
        private final boolean quotas;
        private final TreeMachine machine = new TreeMachine();
        private final List<String> steps = new ArrayList<>();
        private final long[] sessions = new long[CLIENTS.size()];
        private final Map<Long, Long> ourZxids = new HashMap<>();
        private final Map<Long, Long> theirZxids = new HashMap<>();
        private final TreeMap<String, Boolean> known = new TreeMap<>();
        private final WatchTable watches = new WatchTable();
        private final List<String> ourEvents = new ArrayList<>();
        private final List<String> theirEvents = Collections.synchronizedList(new ArrayList<>());
        private final Watcher ourWatcher = this::noteOurs;
        private final org.apache.zookeeper.Watcher theirWatcher = this::noteTheirs;
        private final boolean watching;
        private long zxid;

        Script(long seed) {
            this.random = new Random(seed * 0x9e3779b97f4a7c15L); // the first numbers of neighbouring seeds are alike
            this.top = "/s" + seed;
            this.quotas = random.nextInt(4) == 0;
            this.watching = random.nextInt(3) == 0;
        }

        void run() throws Exception {
            for (int client = 0; client < CLIENTS.size(); client++) {
                open(client);
            }
            machine.apply(++zxid, 0, new TreeCommand.SetLimits(new TreeLimits(0xfffff, true)));
            create(0, new TreeOp.Create(top, bytes("top"), CreateMode.PERSISTENT));
            if (quotas) {
                setQuota();
            }
            for (int i = 0; i < STEPS; i++) {
                if (watching && random.nextInt(2) == 0) {
                    watch(somePath());
                }
                step();
                if (watching) {
                    compareEvents();
                }
            }
            if (random.nextInt(4) == 0) {
                reopen(random.nextInt(WATCHING_CLIENT));
                if (watching) {
                    awaitTheirEvents();
                    Collections.sort(ourEvents);
                    Collections.sort(
                            theirEvents); // the order of a session's ephemeral nodes is that of a hash table there
                    assertThat(ourEvents).isEqualTo(theirEvents);
                }
            }
            compareAll();
        }

        private void open(int client) {
            TreeCommand open = new TreeCommand.OpenSession(new SessionOwner(1, client), 10_000, new byte[16]);
            sessions[client] =
                    ((TreeResult.Opened) machine.apply(++zxid, 0, open).result()).sessionId();
        }

        /** Ends a session, so that its ephemeral nodes go, and opens another. */
        private void reopen(int client) throws Exception {
            steps.add("reopen " + client);
            CLIENTS.get(client).close();
            CLIENTS.set(client, connect(client));
            apply(new TreeCommand.CloseSession(sessions[client], false));
            open(client);
        }

        private void setQuota() throws Exception {
            String limits = "count=" + random.nextInt(5) + ",bytes=5=;countHardLimit=" + (random.nextInt(10) - 1)
                    + ";byteHardLimit=" + (random.nextInt(60) - 1);
            String path = "/zookeeper/quota" + top;
            create(0, new TreeOp.Create(path, bytes(""), CreateMode.PERSISTENT));
            create(0, new TreeOp.Create(path + "/zookeeper_limits", bytes(limits), CreateMode.PERSISTENT));
            create(0, new TreeOp.Create(path + "/zookeeper_stats", bytes(""), CreateMode.PERSISTENT));
        }

        private void step() throws Exception {
            int client = random.nextInt(CLIENTS.size());
            switch (random.nextInt(quotas ? 9 : 12)) {
                case 0, 1, 2, 3 -> create(client, someCreate());
                case 4 -> set(client, someSet());
                case 5, 6 -> delete(client, someDelete());
                case 7 -> setAcl(client);
                case 8 -> read(client, somePath());
                default -> multi(client);
            }
        }

        private String somePath() {
            StringBuilder path = new StringBuilder(top);
            for (int depth = 1 + random.nextInt(2); depth > 0; depth--) {
                path.append('/').append((char) ('a' + random.nextInt(3)));
            }
            if (random.nextInt(3) == 0 && !known.isEmpty()) {
                List<String> all = new ArrayList<>(known.keySet());
                return all.get(random.nextInt(all.size()));
            }
            return path.toString();
        }

        private TreeOp.Create someCreate() {
            CreateMode mode = random.nextInt(3) == 0
                    ? CreateMode.PERSISTENT
                    : CreateMode.values()[random.nextInt(CreateMode.values().length)];
            long ttlMs = mode.hasTtl() ? 1 + random.nextInt(1_000_000) : -1;
            String path = somePath();
            boolean isTop = path.endsWith(top); // other scripts create beside it
            return new TreeOp.Create(isTop ? top + "/t" : path, someData(path), someAcl(), mode, ttlMs);
        }

        private byte[] someData(String path) {
            if (path.contains("/zookeeper_")) { // anything else makes ZooKeeper fail
                return bytes("count=" + random.nextInt(9) + ",bytes=" + random.nextInt(60) + "=;countHardLimit="
                        + random.nextInt(9));
            }
            int length = random.nextInt(12);
            return length == 0 ? TreeOp.NO_DATA : bytes("datadatadata".substring(length));
        }

        private List<Acl> someAcl() {
            return switch (random.nextInt(30)) {
                case 0 -> Acl.CREATOR;
                case 1 -> Acl.READ_ONLY;
                case 2 -> List.of(new Acl(random.nextInt(32), "world", "anyone"));
                case 3 -> List.of(new Acl(Acl.ALL, "digest", USER_HASH), new Acl(Acl.READ, "world", "anyone"));
                case 4 -> List.of(new Acl(31, "ip", "127.0.0.0/" + random.nextInt(40)));
                case 5 -> List.of(new Acl(Acl.ALL, "digest", "eve:wrong"), new Acl(Acl.ADMIN, "auth", ""));
                case 6 -> someInvalidAcl();
                default -> Acl.OPEN;
            };
        }

        private List<Acl> someInvalidAcl() {
            return switch (random.nextInt(8)) {
                case 0 -> List.of();
                case 1 -> List.of(new Acl(Acl.ALL, "world", "somebody"));
                case 2 -> List.of(new Acl(Acl.ALL, "digest", "nohash"));
                case 3 -> List.of(new Acl(Acl.ALL, "digest", "a:b:c"));
                case 4 -> List.of(new Acl(Acl.ALL, "ip", "1.2.3"));
                case 5 -> List.of(new Acl(Acl.ALL, "unknown", "x"));
                case 6 -> List.of(new Acl(Acl.ALL, "ip", "::1/64"), new Acl(Acl.ALL, "ip", "::1/64"));
                default -> List.of(new Acl(Acl.ALL, "digest", ":b:"));
            };
        }

        private TreeOp.Set someSet() {
            String path = somePath();
            return new TreeOp.Set(path, someData(path), someVersion());
        }

        private TreeOp.Delete someDelete() {
            String path = somePath();
            return new TreeOp.Delete(path.equals(top) ? top + "/a" : path, someVersion());
        }

        private int someVersion() {
            return random.nextInt(3) - 1;
        }

        private void create(int client, TreeOp.Create create) throws Exception {
            Stat stat = new Stat();
            String theirs = outcome(() -> CLIENTS.get(client)
                    .create(
                            create.path(),
                            theirs(create.data()),
                            theirs(create.acl()),
                            theirs(create.mode()),
                            stat,
                            create.mode().hasTtl() ? create.ttlMs() : -1));
            TreeResult ours = update(client, create);
            if (ours instanceof TreeResult.Created created) {
                known.put(created.path(), true);
                MODES.add(create.mode());
                assertThat(created.path()).isEqualTo(theirs);
                compare(stat, created.stat());
            } else {
                assertThat(error(ours)).isEqualTo(theirs);
            }
        }

        private void set(int client, TreeOp.Set set) throws Exception {
            Stat[] stat = new Stat[1];
            String theirs = outcome(() -> {
                stat[0] = CLIENTS.get(client).setData(set.path(), theirs(set.data()), set.expectedVersion());
                return "set";
            });
            TreeResult ours = update(client, set);
            if (ours instanceof TreeResult.DataSet done) {
                assertThat(theirs).isEqualTo("set");
                compare(stat[0], done.stat());
            } else {
                assertThat(error(ours)).isEqualTo(theirs);
            }
        }

        private void setAcl(int client) throws Exception {
            TreeOp.SetAcl set = new TreeOp.SetAcl(somePath(), someAcl(), someVersion());
            Stat[] stat = new Stat[1];
            String theirs = outcome(() -> {
                stat[0] = CLIENTS.get(client).setACL(set.path(), theirs(set.acl()), set.expectedVersion());
                return "set";
            });
            TreeResult ours = update(client, set);
            if (ours instanceof TreeResult.AclSet done) {
                assertThat(theirs).isEqualTo("set");
                compare(stat[0], done.stat());
            } else {
                assertThat(error(ours)).isEqualTo(theirs);
            }
        }

        private void delete(int client, TreeOp.Delete delete) throws Exception {
            String theirs = outcome(() -> {
                CLIENTS.get(client).delete(delete.path(), delete.expectedVersion());
                return "deleted";
            });
            TreeResult ours = update(client, delete);
            assertThat(ours instanceof TreeResult.Deleted ? "deleted" : error(ours))
                    .isEqualTo(theirs);
        }

        private void multi(int client) throws Exception {
            List<TreeOp> operations = new ArrayList<>();
            for (int i = 1 + random.nextInt(5); i > 0; i--) {
                operations.add(
                        switch (random.nextInt(6)) {
                            case 0, 1, 2 -> someCreate();
                            case 3 -> someSet();
                            case 4 -> someDelete();
                            default -> new TreeOp.Check(somePath(), someVersion());
                        });
            }
            steps.add("multi " + client + " " + operations);
            List<OpResult> theirs;
            try {
                theirs = CLIENTS.get(client)
                        .multi(operations.stream().map(Script::theirs).toList());
            } catch (KeeperException e) {
                theirs = e.getResults();
            }
            TreeCommand command = new TreeCommand.Multi(
                    sessions[client], new SessionOwner(1, client), identities(client), operations);
            List<TreeResult> ours = ((TreeResult.Multi) apply(command)).results();
            assertThat(ours).hasSameSizeAs(theirs);
            for (int i = 0; i < ours.size(); i++) {
                compare(theirs.get(i), ours.get(i));
            }
        }

        private void compare(OpResult theirs, TreeResult ours) {
            if (theirs instanceof OpResult.ErrorResult error) {
                assertThat(error(ours))
                        .isEqualTo(KeeperException.Code.get(error.getErr()).name());
            } else if (theirs instanceof OpResult.CreateResult created) {
                TreeResult.Created here = (TreeResult.Created) ours;
                known.put(here.path(), true);
                assertThat(here.path()).isEqualTo(created.getPath());
                if (created.getStat() != null) { // not all of ZooKeeper's results have one
                    compare(created.getStat(), here.stat());
                }
            } else if (theirs instanceof OpResult.SetDataResult set) {
                compare(set.getStat(), ((TreeResult.DataSet) ours).stat());
            } else {
                assertThat(ours)
                        .isInstanceOf(
                                theirs instanceof OpResult.CheckResult
                                        ? TreeResult.Checked.class
                                        : TreeResult.Deleted.class);
            }
        }

        private TreeResult update(int client, TreeOp operation) {
            steps.add(client + " " + operation);
            return apply(new TreeCommand.Update(
                    sessions[client], new SessionOwner(1, client), identities(client), operation));
        }

        /** As all members do: from the bytes of the log; what fails leaves no trace. */
        private TreeResult apply(TreeCommand command) {
            byte[] bytes = TreeFormat.encode(new TreeEntry(zxid, command));
            TreeEntry entry = TreeFormat.decode(java.nio.ByteBuffer.wrap(bytes));
            long digest = machine.digest();
            TreeTransaction transaction = machine.apply(++zxid, entry.timeMs(), entry.command());
            watches.trigger(transaction);
            if (transaction.changes().isEmpty() && !(command instanceof TreeCommand.CloseSession)) {
                assertThat(machine.digest()).isEqualTo(digest);
            }
            return transaction.result();
        }

        private static List<Identity> identities(int client) {
            Identity address = new Identity("ip", "127.0.0.1");
            return client == 0 ? List.of(address, new Identity("digest", USER_HASH)) : List.of(address);
        }

        /** Everything that a client can see of a path. */
        private void read(int client, String path) throws Exception {
            steps.add("read " + client + " " + path);
            Node node = machine.get(path);
            boolean mayRead = machine.permits(path, Acl.READ, identities(client));
            Stat[] stat = new Stat[1];
            String exists = outcome(() -> {
                stat[0] = CLIENTS.get(client).exists(path, false);
                return stat[0] == null ? "NONODE" : "OK";
            });
            assertThat(node == null ? "NONODE" : mayRead ? "OK" : "NOAUTH").isEqualTo(exists);
            if (node == null) {
                return;
            }
            if (mayRead) {
                compare(stat[0], node.stat());
            }
            String data = outcome(() -> text(CLIENTS.get(client).getData(path, false, null)));
            assertThat(mayRead ? text(node.data() == TreeOp.NO_DATA ? null : node.data()) : "NOAUTH")
                    .isEqualTo(data);
            List<String> children = new ArrayList<>(machine.children(path));
            Collections.sort(children);
            String theirChildren = outcome(() -> {
                List<String> names = CLIENTS.get(client).getChildren(path, false);
                Collections.sort(names);
                return names.toString();
            });
            assertThat(mayRead ? children.toString() : "NOAUTH").isEqualTo(theirChildren);
            compareAcl(client, path);
        }

        private void compareAcl(int client, String path) throws Exception {
            List<Acl> acl = machine.acl(path);
            String ours = "NOAUTH";
            if (Acl.permits(acl, Acl.ADMIN, identities(client))) {
                ours = theirs(acl).toString();
            } else if (Acl.permits(acl, Acl.READ, identities(client))) {
                ours = theirs(Acl.withoutHashes(acl)).toString();
            }
            assertThat(ours)
                    .isEqualTo(
                            outcome(() -> CLIENTS.get(client).getACL(path, null).toString()));
        }

        private void noteOurs(WatchEvent event) {
            if (Acl.permits(event.acl(), Acl.READ, identities(WATCHING_CLIENT))) {
                ourEvents.add(event.type().name().replace("_", "") + " " + event.path());
            }
        }

        private void noteTheirs(org.apache.zookeeper.WatchedEvent event) {
            theirEvents.add(event.getType().name().toUpperCase(java.util.Locale.ROOT) + " " + event.getPath());
        }

        private void watch(String path) throws Exception {
            ZooKeeper client = CLIENTS.get(WATCHING_CLIENT);
            int kind = random.nextInt(5);
            steps.add("watch " + kind + " " + path);
            boolean there = machine.get(path) != null;
            boolean mayRead = machine.permits(path, Acl.READ, identities(WATCHING_CLIENT));
            switch (kind) {
                case 0 -> {
                    outcome(() -> "" + client.exists(path, theirWatcher));
                    if (mayRead || !there) {
                        watches.add(WatchKind.DATA, path, ourWatcher);
                    }
                }
                case 1 -> {
                    outcome(() -> text(client.getData(path, theirWatcher, null)));
                    if (mayRead) {
                        watches.add(WatchKind.DATA, path, ourWatcher);
                    }
                }
                case 2 -> {
                    outcome(() -> "" + client.getChildren(path, theirWatcher));
                    if (mayRead) {
                        watches.add(WatchKind.CHILDREN, path, ourWatcher);
                    }
                }
                case 3 -> {
                    client.addWatch(path, theirWatcher, AddWatchMode.PERSISTENT);
                    watches.add(WatchKind.PERSISTENT, path, ourWatcher);
                }
                default -> {
                    client.addWatch(path, theirWatcher, AddWatchMode.PERSISTENT_RECURSIVE);
                    watches.add(WatchKind.PERSISTENT_RECURSIVE, path, ourWatcher);
                }
            }
        }

        private void compareEvents() throws InterruptedException {
            awaitTheirEvents();
            assertThat(ourEvents).isEqualTo(theirEvents);
            EVENTS.addAll(ourEvents.stream()
                    .map(event -> event.substring(0, event.indexOf(' ')))
                    .toList());
            ourEvents.clear();
            theirEvents.clear();
        }

        /** Events come before the replies of later requests. */
        private void awaitTheirEvents() throws InterruptedException {
            CountDownLatch replied = new CountDownLatch(1);
            CLIENTS.get(WATCHING_CLIENT).exists("/", false, (code, path, context, stat) -> replied.countDown(), null);
            assertThat(replied.await(20, TimeUnit.SECONDS)).isTrue();
        }

        private void compareAll() throws Exception {
            for (String path : known.keySet()) {
                read(random.nextInt(2), path);
            }
            for (int client = 0; client < CLIENTS.size(); client++) {
                List<String> ephemerals = new ArrayList<>(CLIENTS.get(client).getEphemerals(top));
                Collections.sort(ephemerals);
                assertThat(machine.ephemerals(sessions[client], top)).isEqualTo(ephemerals);
            }
            boolean mayRead = machine.permits(top, Acl.READ, identities(0));
            assertThat(mayRead ? "" + machine.allChildrenNumber(top) : "NOAUTH")
                    .isEqualTo(outcome(() -> "" + CLIENTS.get(0).getAllChildrenNumber(top)));
        }

        private void compare(Stat theirs, NodeStat ours) {
            assertThat(List.of(ours.version(), ours.cversion(), ours.aversion(), ours.dataLength(), ours.numChildren()))
                    .as("version, cversion, aversion, data length, children")
                    .isEqualTo(List.of(
                            theirs.getVersion(),
                            theirs.getCversion(),
                            theirs.getAversion(),
                            theirs.getDataLength(),
                            theirs.getNumChildren()));
            compareZxid(theirs.getCzxid(), ours.czxid());
            compareZxid(theirs.getMzxid(), ours.mzxid());
            compareZxid(theirs.getPzxid(), ours.pzxid());
            assertThat(ours.ephemeralOwner() == 0).isEqualTo(theirs.getEphemeralOwner() == 0);
            if (ours.ephemeralOwner() != 0) {
                int client = client(ours.ephemeralOwner());
                assertThat(CLIENTS.get(client).getSessionId()).isEqualTo(theirs.getEphemeralOwner());
            }
        }

        private int client(long session) {
            for (int client = 0; client < sessions.length; client++) {
                if (sessions[client] == session) {
                    return client;
                }
            }
            throw new AssertionError("no such session: " + session);
        }

        private void compareZxid(long theirs, long ours) {
            assertThat(ourZxids.computeIfAbsent(theirs, key -> ours)).isEqualTo(ours);
            assertThat(theirZxids.computeIfAbsent(ours, key -> theirs)).isEqualTo(theirs);
        }

        private static String error(TreeResult result) {
            assertThat(result).isInstanceOf(TreeResult.Failed.class);
            String error = zooKeeperName(((TreeResult.Failed) result).error());
            ERRORS.add(error);
            return error;
        }

        private static String zooKeeperName(TreeError error) {
            return switch (error) {
                case OK -> "OK";
                case RUNTIME_INCONSISTENCY -> "RUNTIMEINCONSISTENCY";
                case BAD_ARGUMENTS -> "BADARGUMENTS";
                case NO_NODE -> "NONODE";
                case NO_AUTH -> "NOAUTH";
                case BAD_VERSION -> "BADVERSION";
                case NO_CHILDREN_FOR_EPHEMERALS -> "NOCHILDRENFOREPHEMERALS";
                case NODE_EXISTS -> "NODEEXISTS";
                case NOT_EMPTY -> "NOTEMPTY";
                case INVALID_ACL -> "INVALIDACL";
                case QUOTA_EXCEEDED -> "QUOTAEXCEEDED";
                default -> "unexpected " + error;
            };
        }

        private static Op theirs(TreeOp operation) {
            if (operation instanceof TreeOp.Create create) {
                return create.mode().hasTtl()
                        ? Op.create(
                                create.path(),
                                theirs(create.data()),
                                theirs(create.acl()),
                                theirs(create.mode()),
                                create.ttlMs())
                        : Op.create(create.path(), theirs(create.data()), theirs(create.acl()), theirs(create.mode()));
            }
            if (operation instanceof TreeOp.Set set) {
                return Op.setData(set.path(), theirs(set.data()), set.expectedVersion());
            }
            if (operation instanceof TreeOp.Delete delete) {
                return Op.delete(delete.path(), delete.expectedVersion());
            }
            TreeOp.Check check = (TreeOp.Check) operation;
            return Op.check(check.path(), check.expectedVersion());
        }

        private static org.apache.zookeeper.CreateMode theirs(CreateMode mode) {
            return org.apache.zookeeper.CreateMode.valueOf(mode.name());
        }

        private static byte[] theirs(byte[] data) {
            return data == TreeOp.NO_DATA ? null : data;
        }

        private static List<ACL> theirs(List<Acl> acl) {
            return acl.stream()
                    .map(each -> new ACL(each.permissions(), new Id(each.scheme(), each.id())))
                    .toList();
        }
    }

    private static final String USER_HASH = hash();

    private static String hash() {
        try {
            return DigestAuthenticationProvider.generateDigest(USER);
        } catch (java.security.NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }

    private interface Call {
        String run() throws KeeperException, InterruptedException;
    }

    private static String outcome(Call call) throws InterruptedException {
        try {
            return call.run();
        } catch (KeeperException e) {
            return e.code().name();
        }
    }

    private static String text(byte[] data) {
        return data == null ? "null" : new String(data, StandardCharsets.UTF_8);
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}
