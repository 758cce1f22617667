// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.coordination.zookeeper.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ZooConfigTest {

    private static final String QUORUM =
            """
            tickTime=2000
            initLimit=10
            syncLimit=5
            dataDir=/data
            clientPort=2181
            server.1=zoo1:2888:3888
            server.2=zoo2:2888:3888
            server.3=zoo3:2888:3888:observer
            server.4=zoo4:2888:3888:participant;2191
            """;

    private final Map<String, String> files = new HashMap<>();

    private ZooConfig read(String zooCfg) {
        files.put("zoo.cfg", zooCfg);
        return new ZooConfigReader(files::get).read("zoo.cfg");
    }

    @Test
    void shouldReadTheSmallestFile() {
        final ZooConfig config = read("dataDir=/data\nclientPort=2181\n");

        assertThat(config.quorum().isAlone()).isTrue();
        assertThat(config.quorum().myId()).isZero();
        assertThat(config.storage().dataLogDir()).isEqualTo(Path.of("/data"));
        assertThat(config.clients().plain()).isEqualTo(new HostPort("0.0.0.0", 2181));
        assertThat(config.clients().secure()).isNull();
        assertThat(config.clients().frontEnd().maxConnectionsPerAddress()).isEqualTo(60);
        assertThat(config.clients().frontEnd().words()).isEqualTo(Set.of("srvr", "isro"));
        assertThat(config.timing().minSessionTimeoutMs()).isEqualTo(6000);
        assertThat(config.timing().maxSessionTimeoutMs()).isEqualTo(60000);
        assertThat(config.admin().address()).isEqualTo(new HostPort("127.0.0.1", 8080));
        assertThat(config.notices()).isEmpty();
    }

    @Test
    void shouldReadAQuorum() {
        files.put("/data/myid", "3\n");

        final ZooConfig config = read(QUORUM);

        assertThat(config.quorum().isAlone()).isFalse();
        assertThat(config.quorum().myId()).isEqualTo(3);
        assertThat(config.quorum().members().voterCount()).isEqualTo(3);
        assertThat(config.timing().initLimitTicks()).isEqualTo(10);
        assertThat(config.timing().syncLimitTicks()).isEqualTo(5);
    }

    @Test
    void shouldRefuseTwoClientPorts() {
        files.put("/data/myid", "4");

        assertThatThrownBy(() -> read(QUORUM))
                .hasMessage("zoo.cfg:5: clientPort=2181: this member's server line says 0.0.0.0:2191;"
                        + " let both say the same or remove one");
    }

    @Test
    void shouldReadFromFiles(@TempDir Path directory) throws IOException {
        final Path zooCfg = directory.resolve("zoo.cfg");
        Files.writeString(zooCfg, QUORUM.replace("/data", directory.toString()).replace(";2191", ";2181"));
        Files.writeString(directory.resolve("myid"), "4");

        final ZooConfig config = ZooConfig.load(zooCfg);

        assertThat(config.quorum().myId()).isEqualTo(4);
        assertThat(config.storage().dataDir()).isEqualTo(directory);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '@',
            value = {
                "zoo1:2888:3888 @ zoo1:2888:3888:participant",
                "zoo1:2888:3888:observer @ zoo1:2888:3888:observer",
                "zoo1:2888:3888;2181 @ zoo1:2888:3888:participant;0.0.0.0:2181",
                "zoo1:2888:3888:PARTICIPANT;10.0.0.1:2181 @ zoo1:2888:3888:participant;10.0.0.1:2181",
                "[2001:db8::1]:2888:3888;[::]:2181 @ [2001:db8::1]:2888:3888:participant;[::]:2181",
                "a:2888:3888|b:2889:3889 @ a:2888:3888|b:2889:3889:participant",
                "a:2888:3888:observer|[::1]:2889:3889:observer;2181 @ a:2888:3888|[::1]:2889:3889:observer;0.0.0.0:2181"
            })
    void shouldReadEveryFormOfAServer(String form, String written) {
        final DynamicConfig config = DynamicConfig.parse("dynamic", "server.7=" + form);

        assertThat(config.text()).isEqualTo("server.7=" + written + "\nversion=0");
        assertThat(DynamicConfig.parse("again", config.text())).isEqualTo(config);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '@',
            value = {
                "zoo1 @ write host:peerPort:electionPort",
                "zoo1:2888 @ write host:peerPort:electionPort",
                "zoo1:2888:2888 @ choose different ones",
                "zoo1:2888:x @ not a port: 'x'",
                "zoo1:2888:70000 @ not a port: '70000'",
                ":2888:3888 @ the host is missing",
                "zoo1:2888:3888:voter @ no such role: voter",
                "zoo1:2888:3888;a:b:c @ behind ';' stands clientPort",
                "zoo1:2888:3888;1;2 @ more than one ';'",
                "[::1:2888:3888 @ a '[' without its ']'",
                "a:1:2:observer|b:1:2:participant @ different roles"
            })
    void shouldSayWhatIsWrongWithAServer(String form, String problem) {
        assertThatThrownBy(() -> DynamicConfig.parse("zoo.cfg", "# one\nserver.1=" + form))
                .isInstanceOf(ZooConfigException.class)
                .hasMessageStartingWith("zoo.cfg:2: server.1=")
                .hasMessageContaining(problem);
    }

    @Test
    void shouldWriteVersionsInHexadecimalAndServersInOrder() {
        final DynamicConfig config = DynamicConfig.parse(
                "dynamic", "server.10=c:1:2\nserver.2=b:1:2:observer\nversion=100000001\nserver.1=a:1:2");

        assertThat(config.text())
                .isEqualTo("server.1=a:1:2:participant\nserver.2=b:1:2:observer\nserver.10=c:1:2:participant\n"
                        + "version=100000001");
        assertThat(config.version()).isEqualTo(0x100000001L);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '@',
            value = {
                "clientport=2182 @ zoo.cfg:3: unknown key: clientport, nearest known key: clientPort",
                "tickTimes=2 @ zoo.cfg:3: unknown key: tickTimes, nearest known key: tickTime",
                "zookeeper.snapCount=2 @ zoo.cfg:3: unknown key: zookeeper.snapCount, nearest known key: snapCount",
                "somethingElse=2 @ zoo.cfg:3: unknown key: somethingElse; remove the line",
                "tickTime=fast @ zoo.cfg:3: tickTime=fast: write a whole number from 1 to",
                "clientPort=99999 @ zoo.cfg:3: clientPort=99999: write a whole number from 0 to 65535",
                "reconfigEnabled=yes @ zoo.cfg:3: reconfigEnabled=yes: write true or false",
                "sslQuorum=true @ zoo.cfg:3: sslQuorum=true: not supported: members do not talk TLS",
                "group.1=1:2:3 @ zoo.cfg:3: group.1=1:2:3: not supported: majorities",
                "skipACL=yes @ zoo.cfg:3: skipACL=yes: not supported: access lists",
                "quorum.auth.enableSasl=true @ not supported: there is no SASL",
                "minSessionTimeout=70000 @ zoo.cfg:3: minSessionTimeout=70000: the shortest timeout",
                "secureClientPortAddress=10.0.0.1 @ zoo.cfg:3: secureClientPortAddress=10.0.0.1: there is an address without a port",
                "secureClientPort=2281 @ ssl.keyStore.location is missing",
                "admin.commandURL=commands @ zoo.cfg:3: admin.commandURL=commands: a path begins with /",
                "server.x=a:1:2 @ zoo.cfg:3: server.x=a:1:2: 'x' is not the number of a server",
                "dynamicConfigFile=/etc/none @ zoo.cfg:3: dynamicConfigFile=/etc/none: no such file"
            })
    void shouldSayWhereAndWhatToDo(String line, String message) {
        assertThatThrownBy(() -> read("dataDir=/data\nclientPort=2181\n" + line))
                .isInstanceOf(ZooConfigException.class)
                .hasMessageContaining(message);
    }

    @Test
    void shouldNotRepeatSecrets() {
        assertThatThrownBy(() ->
                        read("dataDir=/data\nclientPort=2181\nDigestAuthenticationProvider.superDigest=super:hunter2"))
                .hasMessageStartingWith("zoo.cfg:3: DigestAuthenticationProvider.superDigest: write super:<base64")
                .hasMessageNotContaining("hunter2");
        assertThatThrownBy(
                        () -> read("dataDir=/data\nclientPort=2181\nSASLAuthenticationProvider.superPassword=hunter2"))
                .hasMessageNotContaining("hunter2");
        final ZooConfig config = read(
                """
                dataDir=/data
                secureClientPort=2281
                ssl.keyStore.location=/keys.p12
                ssl.keyStore.password=hunter2
                ssl.clientAuth=want
                DigestAuthenticationProvider.superDigest=super:D/InIHSb7yEEbrWz8b9l71RjZJU=
                """);
        assertThat(config.toString()).doesNotContain("hunter2").doesNotContain("D/InIHSb7yEEbrWz8b9l71RjZJU");
        assertThat(config.clients().tls().clientAuth()).isEqualTo(ZooConfig.Tls.ClientAuth.WANT);
        assertThat(config.clients().plain()).isNull();
    }

    @Test
    void shouldSayWhichKeysHaveNoEffect() {
        final ZooConfig config = read(
                "dataDir=/data\nclientPort=2181\nforceSync=no\nnio.numWorkerThreads=4\nlocalSessionsEnabled=false\n"
                        + "clientPort=2182\nautopurge.snapRetainCount=1\n");

        assertThat(config.notices())
                .containsExactly(
                        "zoo.cfg:3: forceSync has no effect: every change is on disk before it is acknowledged",
                        "zoo.cfg:4: nio.numWorkerThreads has no effect: threads and buffers of the server are its own matter",
                        "zoo.cfg:6: clientPort: it stands there more than once, and this line is the one that counts");
        assertThat(config.storage().snapRetainCount()).isEqualTo(1);
        assertThat(config.clients().plain().port()).isEqualTo(2182);
    }

    @Test
    void shouldWantMyIdOfAQuorum() {
        assertThatThrownBy(() -> read(QUORUM)).hasMessageContaining("/data/myid: no such file");
        files.put("/data/myid", "one");
        assertThatThrownBy(() -> read(QUORUM)).hasMessageContaining("/data/myid:1: 'one' is not a number");
        files.put("/data/myid", "9");
        assertThatThrownBy(() -> read(QUORUM))
                .hasMessageContaining("there is no line server.9; there are [1, 2, 3, 4]");
    }

    @Test
    void shouldWantTheLimitsOfAQuorum() {
        files.put("/data/myid", "1");

        assertThatThrownBy(() -> read(QUORUM.replace("initLimit=10\n", "")))
                .hasMessageContaining("initLimit is missing");
        assertThatThrownBy(() -> read(QUORUM.replace("syncLimit=5", "syncLimit=0")))
                .hasMessageContaining("syncLimit=0: write a whole number from 1");
    }

    @Test
    void shouldTakeOneServerForAMemberAloneUnlessToldOtherwise() {
        final String one = "dataDir=/data\nclientPort=2181\nserver.1=a:1:2\n";
        files.put("/data/myid", "1");

        assertThat(read(one).quorum().isAlone()).isTrue();
        assertThat(read(one + "standaloneEnabled=false\ninitLimit=5\nsyncLimit=2\n")
                        .quorum()
                        .isAlone())
                .isFalse();
    }

    @Test
    void shouldRefuseTwoServersOfOneNumber() {
        assertThatThrownBy(() -> read("dataDir=/data\nclientPort=2181\nserver.1=a:1:2\nserver.1=b:1:2"))
                .hasMessage("zoo.cfg:4: server.1=b:1:2: a second line for server 1; remove one");
    }

    @Test
    void shouldReadTheDynamicFileWithItsVersion() {
        files.put("/data/myid", "2");
        files.put("/etc/zoo.cfg.dynamic.1f", "server.1=a:1:2;2181\nserver.2=b:1:2;2181\nserver.3=c:1:2;2181\n");

        final ZooConfig config = read(
                "dataDir=/data\ninitLimit=5\nsyncLimit=2\nreconfigEnabled=true\ndynamicConfigFile=/etc/zoo.cfg.dynamic.1f");

        assertThat(config.quorum().members().version()).isEqualTo(0x1f);
        assertThat(config.quorum().reconfigEnabled()).isTrue();
        assertThat(config.clients().plain()).isEqualTo(new HostPort("0.0.0.0", 2181));
        assertThatThrownBy(() -> read("dataDir=/data\nserver.1=a:1:2\ndynamicConfigFile=/etc/zoo.cfg.dynamic.1f"))
                .hasMessageContaining("zoo.cfg:2: server.1=a:1:2: there is a dynamicConfigFile");
    }

    @Test
    void shouldKeepLinesOverComments() {
        assertThatThrownBy(
                        () -> read("# a comment \\\n! another\n\ndataDir=/da\\\n  ta\nclientPort = 2181\n bogus : 1"))
                .hasMessageStartingWith("zoo.cfg:7: unknown key: bogus");
    }

    @Test
    void shouldReadWhereAMemberListens() {
        String alone = "dataDir=/d\nclientPort=1\n";

        assertThat(read(alone).quorum().listensOnAllIps()).isFalse();
        assertThat(read(alone + "quorumListenOnAllIPs=true").quorum().listensOnAllIps())
                .isTrue();
    }

    @Test
    void shouldReadTheWhiteList() {
        assertThat(read("dataDir=/d\nclientPort=1\n4lw.commands.whitelist=stat, RUOK ,,mntr")
                        .clients()
                        .frontEnd()
                        .words())
                .isEqualTo(Set.of("stat", "ruok", "mntr"));
        assertThat(read("dataDir=/d\nclientPort=1\n4lw.commands.whitelist=*")
                        .clients()
                        .frontEnd()
                        .words())
                .isEqualTo(Set.of("*"));
    }
}
