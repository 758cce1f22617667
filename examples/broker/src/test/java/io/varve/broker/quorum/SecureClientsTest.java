// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.quorum;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.varve.coordination.zookeeper.config.ZooConfig;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.apache.zookeeper.CreateMode;
import org.apache.zookeeper.KeeperException;
import org.apache.zookeeper.Watcher.Event.KeeperState;
import org.apache.zookeeper.ZooDefs;
import org.apache.zookeeper.ZooKeeper;
import org.apache.zookeeper.client.ZKClientConfig;
import org.apache.zookeeper.data.ACL;
import org.apache.zookeeper.data.Id;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** ZooKeeper's own client over TLS, as secureClientPort serves it. */
class SecureClientsTest {

    private static final String PASSWORD = "a password";
    private static final int SESSION_TIMEOUT_MS = 20_000;

    @TempDir
    private Path directory;

    private Path keyStore(String name) throws IOException, InterruptedException {
        Path file = directory.resolve(name + ".p12");
        Process process = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "keytool")
                                .toString(),
                        "-genkeypair",
                        "-alias",
                        "it",
                        "-keyalg",
                        "EC",
                        "-dname",
                        "CN=" + name,
                        "-ext",
                        "san=dns:localhost,ip:127.0.0.1",
                        "-storetype",
                        "PKCS12",
                        "-keystore",
                        file.toString(),
                        "-storepass",
                        PASSWORD)
                .redirectErrorStream(true)
                .start();
        String output = new String(process.getInputStream().readAllBytes());
        assertThat(process.waitFor()).as(output).isZero();
        return file;
    }

    private Path trusting(Path... keyStores) throws IOException, GeneralSecurityException {
        KeyStore trust = KeyStore.getInstance("PKCS12");
        trust.load(null, null);
        for (Path file : keyStores) {
            KeyStore keys = KeyStore.getInstance("PKCS12");
            try (InputStream in = Files.newInputStream(file)) {
                keys.load(in, PASSWORD.toCharArray());
            }
            trust.setCertificateEntry(file.getFileName().toString(), keys.getCertificate("it"));
        }
        Path file = directory.resolve("trust" + keyStores.length + keyStores[0].getFileName());
        try (OutputStream out = Files.newOutputStream(file)) {
            trust.store(out, PASSWORD.toCharArray());
        }
        return file;
    }

    private QuorumServer start(Path keyStore, Path trustStore, String clientAuth) throws IOException {
        List<String> lines = new ArrayList<>(List.of(
                "dataDir=" + directory.resolve("data" + clientAuth),
                "secureClientPort=0",
                "secureClientPortAddress=127.0.0.1",
                "admin.enableServer=false",
                "ssl.keyStore.location=" + keyStore,
                "ssl.keyStore.password=" + PASSWORD,
                "ssl.trustStore.location=" + trustStore,
                "ssl.trustStore.password=" + PASSWORD,
                "ssl.clientAuth=" + clientAuth));
        Path file = Files.write(directory.resolve("zoo.cfg"), lines);
        return QuorumServer.start(ZooConfig.load(file), Files.readString(file));
    }

    private static ZKClientConfig client(Path keyStore, Path trustStore) {
        ZKClientConfig config = new ZKClientConfig();
        config.setProperty(ZKClientConfig.ZOOKEEPER_CLIENT_CNXN_SOCKET, "org.apache.zookeeper.ClientCnxnSocketNetty");
        config.setProperty(ZKClientConfig.SECURE_CLIENT, "true");
        config.setProperty("zookeeper.ssl.keyStore.location", keyStore.toString());
        config.setProperty("zookeeper.ssl.keyStore.password", PASSWORD);
        config.setProperty("zookeeper.ssl.trustStore.location", trustStore.toString());
        config.setProperty("zookeeper.ssl.trustStore.password", PASSWORD);
        return config;
    }

    private static ZooKeeper connect(InetSocketAddress address, ZKClientConfig config) throws Exception {
        CountDownLatch connected = new CountDownLatch(1);
        ZooKeeper client = new ZooKeeper(
                "localhost:" + address.getPort(),
                SESSION_TIMEOUT_MS,
                event -> {
                    if (event.getState() == KeeperState.SyncConnected) {
                        connected.countDown();
                    }
                },
                config);
        if (!connected.await(30, TimeUnit.SECONDS)) {
            client.close(1_000);
            throw new IOException("not connected");
        }
        return client;
    }

    @Test
    void shouldKnowClientsByTheirCertificates() throws Exception {
        Path server = keyStore("server");
        Path alice = keyStore("alice");
        Path bob = keyStore("bob");
        Path trust = trusting(server, alice, bob);
        List<ACL> alicesOnly = Collections.singletonList(new ACL(ZooDefs.Perms.ALL, new Id("x509", "CN=alice")));
        try (QuorumServer running = start(server, trust, "need")) {
            InetSocketAddress address = running.clientAddress();
            try (ZooKeeper one = connect(address, client(alice, trust));
                    ZooKeeper other = connect(address, client(bob, trust))) {
                one.create("/a", new byte[] {1}, alicesOnly, CreateMode.PERSISTENT);
                one.create("/b", new byte[] {2}, ZooDefs.Ids.CREATOR_ALL_ACL, CreateMode.EPHEMERAL);

                assertThat(one.getData("/a", false, null)).containsExactly(1);
                assertThat(one.getACL("/b", null).get(0).getId()).isEqualTo(new Id("x509", "CN=alice"));
                assertThatThrownBy(() -> other.getData("/a", false, null))
                        .isInstanceOf(KeeperException.NoAuthException.class);
                assertThatThrownBy(() -> other.setData("/b", new byte[0], -1))
                        .isInstanceOf(KeeperException.NoAuthException.class);
            }
        }
    }

    @Test
    void shouldServeOnlyWhomItTrusts() throws Exception {
        Path server = keyStore("server");
        Path known = keyStore("known");
        Path stranger = keyStore("stranger");
        Path trust = trusting(server, known);
        try (QuorumServer running = start(server, trust, "need")) {
            InetSocketAddress address = running.clientAddress();
            CountDownLatch connected = new CountDownLatch(1);
            try (ZooKeeper refused = new ZooKeeper(
                            "localhost:" + address.getPort(),
                            SESSION_TIMEOUT_MS,
                            event -> {
                                if (event.getState() == KeeperState.SyncConnected) {
                                    connected.countDown();
                                }
                            },
                            client(stranger, trust));
                    ZooKeeper served = connect(address, client(known, trust))) {
                served.create("/a", new byte[0], ZooDefs.Ids.OPEN_ACL_UNSAFE, CreateMode.PERSISTENT);

                // Others have come in meanwhile; this one tries again and again.
                assertThat(connected.getCount()).isEqualTo(1);
                assertThat(refused.getState().isConnected()).isFalse();
            }
        }
    }
}
