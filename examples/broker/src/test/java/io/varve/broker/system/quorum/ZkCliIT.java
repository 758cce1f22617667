// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.system.quorum;

import static org.assertj.core.api.Assertions.assertThat;

import io.varve.target.Quorum;
import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Apache ZooKeeper's shell, command by command. */
class ZkCliIT {

    @TempDir
    private static Path directory;

    private static Quorum quorum;
    private Shell shell;

    @BeforeAll
    static void start() {
        quorum = TargetQuorum.start(directory);
    }

    @AfterAll
    static void stop() {
        quorum.close();
    }

    @BeforeEach
    void open() throws IOException {
        shell = new Shell(quorum);
    }

    @AfterEach
    void close() {
        shell.close();
    }

    private void assertRun(String command, String... printed) throws IOException {
        assertThat(shell.run(command)).as(command).contains(printed);
    }

    @Test
    void shouldReadAndWrite() throws IOException {
        assertRun("create /a one", "Created /a");
        assertRun("get /a", "one");
        assertRun("get -s /a", "one", "dataVersion = 0", "ephemeralOwner = 0x0", "dataLength = 3", "numChildren = 0");
        shell.run("set /a two");
        assertRun("set -s -v 1 /a three", "dataVersion = 2");
        assertRun("set -v 1 /a four", "version No is not valid : /a");
        assertRun("stat /a", "cZxid = 0x", "dataVersion = 2", "dataLength = 5");
        assertRun("get /none", "Node does not exist: /none");
        assertRun("create /a again", "Node already exists: /a");
        shell.run("create /a/b");
        shell.run("create /a/b/c");
        assertRun("ls /a", "[b]");
        assertRun("ls -s /a", "[b]", "cversion = 1");
        assertThat(shell.run("ls -R /a").lines()).containsSequence("/a", "/a/b", "/a/b/c");
        assertRun("getAllChildrenNumber /a", "2");
        assertRun("sync /a", "Sync is OK");
        assertRun("delete /a", "Node not empty: /a");
        assertRun("delete -v 9 /a/b/c", "version No is not valid : /a/b/c");
        shell.run("deleteall /a");
        assertRun("stat /a", "Node does not exist: /a");
    }

    @Test
    void shouldCreateNodesOfEveryKind() throws IOException {
        shell.run("create /kinds");
        assertRun("create -s /kinds/s-", "Created /kinds/s-0000000000");
        assertRun("create -e /kinds/e", "Created /kinds/e");
        assertRun("create -e -s /kinds/es- data", "Created /kinds/es-0000000002");
        assertRun("create -c /kinds/c", "Created /kinds/c");
        assertRun("create -t 600000 /kinds/t", "Created /kinds/t");
        assertRun("create -t 600000 -s /kinds/ts-", "Created /kinds/ts-0000000005");
        assertRun("create /kinds/e/child", "Ephemerals cannot have children: /kinds/e/child");
        assertRun("getEphemerals", "/kinds/e", "/kinds/es-0000000002");
        assertRun("getEphemerals /kinds/es", "/kinds/es-0000000002");
        assertThat(shell.run("get -s /kinds/e")).doesNotContain("ephemeralOwner = 0x0\n");
    }

    @Test
    void shouldKeepWhatIsNotForAll() throws IOException {
        shell.run("create /acl secret");
        assertRun("getAcl /acl", "'world,'anyone", ": cdrwa");
        shell.run("addauth digest alice:wonder");
        assertRun("whoami", "ip: 127.0.0.1", "digest: alice");
        assertRun("setAcl -s /acl auth:alice:wonder:cdrwa", "aclVersion = 1");
        assertRun("getAcl -s /acl", "'digest,'alice:", ": cdrwa", "aclVersion = 1");
        assertRun("get /acl", "secret");
        try (Shell stranger = new Shell(quorum)) {
            assertThat(stranger.run("get /acl")).contains("Insufficient permission : /acl");
            assertThat(stranger.run("set /acl mine")).contains("Insufficient permission : /acl");
            stranger.run("addauth digest alice:wonder");
            assertThat(stranger.run("get /acl")).contains("secret");
        }
        shell.run("create /readonly x world:anyone:r");
        assertRun("set /readonly y", "Insufficient permission : /readonly");
        assertRun("setAcl /acl nonsense:x:r", "Acl is not valid : /acl");
    }

    @Test
    void shouldKeepQuotas() throws IOException {
        shell.run("create /quota x");
        shell.run("setquota -n 10 /quota");
        shell.run("setquota -b 1000 /quota");
        shell.run("create /quota/a 12345");
        assertRun(
                "listquota /quota",
                "Output quota for /quota count=10,bytes=1000",
                "Output stat for /quota count=2,bytes=6");
        shell.run("delquota -n /quota");
        assertRun("listquota /quota", "bytes=1000");
        shell.run("delquota /quota");
        assertRun("listquota /quota", "quota for /quota does not exist");
    }

    @Test
    void shouldTellWatches() throws IOException {
        shell.run("create /watched");
        shell.run("addWatch -m PERSISTENT_RECURSIVE /watched");
        shell.run("create /watched/a");
        shell.run("get -w /watched/a");
        try (Shell other = new Shell(quorum)) {
            other.run("create /watched/b x");
            shell.await("type:NodeCreated path:/watched/b");
            other.run("set /watched/a y");
            shell.await("type:NodeDataChanged path:/watched/a");
            other.run("delete /watched/b");
            shell.await("type:NodeDeleted path:/watched/b");
        }
        shell.run("removewatches /watched");
        assertRun("printwatches", "printwatches is on");
    }

    @Test
    void shouldSpeakOfItself() throws IOException {
        assertRun("version", "ZooKeeper CLI version: 3.9.5");
        if (quorum.members().size() > 1) {
            assertRun(
                    "config",
                    "server.1=127.0.0.1:",
                    "server." + quorum.members().size() + "=",
                    "version=");
        }
        assertRun("ls /", "zookeeper");
        assertRun("ls /zookeeper", "config", "quota");
        assertRun("no-such-command", "Command not found");
    }

    @Test
    void shouldCloseAndConnectAgain() throws Exception {
        shell.run("create -e /mine");
        shell.run("close");
        shell.run("connect " + quorum.members().get(0).connectString());
        assertRun("stat /mine", "Node does not exist: /mine");
    }

    @Test
    void shouldRunOneCommandFromItsArguments() throws Exception {
        try (Shell create = new Shell(quorum, "create", "/once", "x")) {
            assertThat(create.end()).contains("Created /once").endsWith("exit code 0");
        }
        try (Shell fail = new Shell(quorum, "get", "/nothing")) {
            assertThat(fail.end()).contains("Node does not exist: /nothing").endsWith("exit code 1");
        }
    }
}
