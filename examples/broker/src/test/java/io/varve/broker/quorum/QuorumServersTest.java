// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.quorum;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.varve.coordination.CoordinationException;
import io.varve.coordination.zookeeper.config.ZooConfig;
import io.varve.log.storage.DirectoryInUseException;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.apache.zookeeper.CreateMode;
import org.apache.zookeeper.KeeperException;
import org.apache.zookeeper.ZooDefs;
import org.apache.zookeeper.ZooKeeper;
import org.apache.zookeeper.admin.ZooKeeperAdmin;
import org.apache.zookeeper.server.auth.DigestAuthenticationProvider;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Several members in one process, over sockets, and ZooKeeper's own client. */
class QuorumServersTest {

    private static final int SESSION_TIMEOUT_MS = 20_000;

    /** Of the password "secret". */
    private static final String SUPER_DIGEST = superDigest();

    @TempDir
    private Path directory;

    private final Map<Integer, QuorumServer> servers = new TreeMap<>();
    private final Map<Integer, int[]> ports = new TreeMap<>();
    private final List<ZooKeeper> clients = new ArrayList<>();

    @BeforeEach
    void choosePorts() throws IOException {
        List<ServerSocket> sockets = new ArrayList<>();
        for (int id = 1; id <= 4; id++) {
            int[] chosen = new int[3];
            for (int i = 0; i < chosen.length; i++) {
                ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
                sockets.add(socket);
                chosen[i] = socket.getLocalPort();
            }
            ports.put(id, chosen);
        }
        for (ServerSocket socket : sockets) {
            socket.close();
        }
    }

    @AfterEach
    void close() throws InterruptedException {
        for (ZooKeeper client : clients) {
            client.close(1_000);
        }
        servers.values().forEach(QuorumServer::close);
    }

    private static String superDigest() {
        try {
            return DigestAuthenticationProvider.generateDigest("super:secret");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }

    private String line(int id) {
        return "server." + id + "=127.0.0.1:" + ports.get(id)[0] + ":" + ports.get(id)[1];
    }

    private void start(int id, String... more) throws IOException {
        Path data = Files.createDirectories(directory.resolve("member" + id));
        Files.writeString(data.resolve("myid"), id + "\n");
        List<String> lines = new ArrayList<>(List.of(
                "tickTime=2000",
                "initLimit=10",
                "syncLimit=5",
                "dataDir=" + data,
                "clientPort=" + ports.get(id)[2],
                "clientPortAddress=127.0.0.1",
                "admin.enableServer=false",
                "reconfigEnabled=true",
                "DigestAuthenticationProvider.superDigest=" + SUPER_DIGEST,
                "4lw.commands.whitelist=*",
                line(1),
                line(2),
                line(3)));
        lines.addAll(List.of(more));
        Path file = Files.write(directory.resolve("zoo" + id + ".cfg"), lines);
        servers.put(id, QuorumServer.start(ZooConfig.load(file), Files.readString(file)));
    }

    private void stop(int id) {
        servers.remove(id).close();
    }

    private ZooKeeper client(Integer... members) throws IOException {
        String addresses = String.join(
                ",",
                Stream.of(members).map(id -> "127.0.0.1:" + ports.get(id)[2]).toList());
        ZooKeeperAdmin client = new ZooKeeperAdmin(addresses, SESSION_TIMEOUT_MS, event -> {});
        clients.add(client);
        return client;
    }

    /** Waits through elections, as a client that wants to go on does. */
    private interface Attempt<T> {
        T run() throws KeeperException, InterruptedException;
    }

    private static <T> T insist(Attempt<T> attempt) {
        return Awaitility.await()
                .atMost(60, TimeUnit.SECONDS)
                .ignoreExceptionsMatching(e -> e instanceof KeeperException.ConnectionLossException
                        || e instanceof KeeperException.OperationTimeoutException)
                .until(attempt::run, result -> true);
    }

    private String mode(int id) {
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), ports.get(id)[2])) {
            socket.getOutputStream().write("srvr".getBytes(UTF_8));
            String answer = new String(socket.getInputStream().readAllBytes(), UTF_8);
            return answer.lines()
                    .filter(line -> line.startsWith("Mode: "))
                    .findFirst()
                    .orElse("")
                    .replace("Mode: ", "");
        } catch (IOException e) {
            return "";
        }
    }

    private int leader() {
        return Awaitility.await()
                .atMost(60, TimeUnit.SECONDS)
                .until(
                        () -> servers.keySet().stream()
                                .filter(id -> mode(id).equals("leader"))
                                .findFirst()
                                .orElse(0),
                        id -> id != 0);
    }

    private static String create(ZooKeeper client, String path, String data) {
        return insist(() -> {
            try {
                return client.create(path, data.getBytes(UTF_8), ZooDefs.Ids.OPEN_ACL_UNSAFE, CreateMode.PERSISTENT);
            } catch (KeeperException.NodeExistsException e) {
                return path; // by an attempt of which nobody could say what came of it
            }
        });
    }

    private static String read(ZooKeeper client, String path) {
        insist(() -> {
            client.sync(path);
            return true;
        });
        return insist(() -> new String(client.getData(path, false, null), UTF_8));
    }

    @Test
    void shouldServeThroughAnyMemberAndSurviveTheLossOfEach() throws Exception {
        start(1);
        start(2);
        start(3);
        ZooKeeper everywhere = client(1, 2, 3);
        create(everywhere, "/a", "0");

        for (int id = 1; id <= 3; id++) {
            assertThat(read(client(id), "/a")).isEqualTo(String.valueOf(id - 1));
            stop(id);
            String data = String.valueOf(id);
            insist(() -> everywhere.setData("/a", data.getBytes(UTF_8), -1));
            start(id);
        }

        assertThat(read(client(leader()), "/a")).isEqualTo("3");
        assertThat(everywhere.getState().isAlive()).isTrue();
    }

    @Test
    void shouldNotStartWhereAnotherMemberRuns() throws Exception {
        start(1);
        start(2);
        ZooKeeper client = client(1);
        create(client, "/a", "x");
        QuorumServer first = servers.get(1);

        assertThatThrownBy(() -> start(1)).isInstanceOf(DirectoryInUseException.class);

        assertThat(servers.get(1)).isSameAs(first);
        assertThat(first.failure()).isNull();
        create(client, "/b", "x");
        stop(1);
        start(1);
        assertThat(read(client(1), "/b")).isEqualTo("x");
    }

    @Test
    void shouldBringALaggingMemberUpByASnapshot() throws Exception {
        start(1);
        start(2);
        start(3);
        ZooKeeper client = client(1, 2);
        create(client, "/before", "x");
        stop(3);
        byte[] data = new byte[64 << 10];
        create(client, "/big", "");
        for (int i = 0; i < 100; i++) {
            insist(() -> client.setData("/big", data, -1));
        }
        create(client, "/after", "y");

        start(3);

        ZooKeeper lagging = client(3);
        assertThat(read(lagging, "/after")).isEqualTo("y");
        assertThat(insist(() -> lagging.getData("/big", false, null))).hasSize(data.length);
        try (Stream<Path> files = Files.list(directory.resolve("member3/varve"))) {
            assertThat(files.map(file -> file.getFileName().toString()))
                    .anyMatch(name -> name.startsWith("snapshot.") && !name.startsWith("snapshot.0000000000000000000"));
        }
    }

    @Test
    void shouldTakeMembersInAndLetThemGo() throws Exception {
        start(1);
        start(2);
        start(3);
        ZooKeeperAdmin client = (ZooKeeperAdmin) client(1, 2, 3);
        client.addAuthInfo("digest", "super:secret".getBytes(UTF_8));
        create(client, "/a", "x");
        Awaitility.await().untilAsserted(() -> assertThat(config(client)).contains(line(1), line(2), line(3)));

        assertThatThrownBy(() -> client.reconfigure(line(4) + ";" + ports.get(4)[2], null, null, 7, null))
                .isInstanceOf(KeeperException.BadVersionException.class);
        start(4, line(4) + ":observer");
        assertThat(read(client(4), "/a")).isEqualTo("x");
        Awaitility.await().until(() -> mode(4).equals("observer"));
        insist(() -> client.reconfigure(line(4) + ":participant", null, null, -1, null));

        assertThat(config(client)).contains(line(4) + ":participant");
        Awaitility.await().until(() -> mode(4).equals("follower") || mode(4).equals("leader"));

        insist(() -> client.reconfigure(null, "1", null, -1, null));
        stop(1);
        stop(2);
        ZooKeeper rest = client(3, 4);
        insist(() -> rest.setData("/a", "y".getBytes(UTF_8), -1));

        assertThat(read(rest, "/a")).isEqualTo("y");
        assertThat(config(rest)).doesNotContain("server.1=").contains("server.2=", "server.3=", "server.4=");
    }

    private static String config(ZooKeeper client) throws KeeperException, InterruptedException {
        return new String(client.getConfig(false, null), UTF_8);
    }

    @Test
    void shouldLeaveTheDataOfAnotherProgramAlone() throws IOException {
        Files.createDirectories(directory.resolve("member1/version-2"));

        assertThatThrownBy(() -> start(1))
                .isInstanceOf(CoordinationException.class)
                .hasMessageContaining("version-2");
    }
}
