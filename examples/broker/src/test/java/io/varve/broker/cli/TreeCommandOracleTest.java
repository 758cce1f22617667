// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.zookeeper.ZooKeeper;
import org.apache.zookeeper.cli.CliCommand;
import org.apache.zookeeper.cli.CliException;
import org.apache.zookeeper.cli.CommandFactory;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Each call prints what zkCli's own command prints for it, on the same tree. */
class TreeCommandOracleTest {

    private static final Map<String, CliCommand> ZK_CLI = new HashMap<>();

    private static @TempDir Path directory;
    private static ApacheZooKeeper server;
    private static ZooKeeper client;

    @BeforeAll
    static void startServer() throws Exception {
        server = ApacheZooKeeper.start(directory);
        client = new ZooKeeper(server.address(), 10_000, event -> {});
        client.addAuthInfo("digest", "ann:secret".getBytes(UTF_8));
        for (CommandFactory.Command command : CommandFactory.Command.values()) {
            CommandFactory.getInstance(command).addToMap(ZK_CLI);
        }
        for (String call : List.of(
                "create /a first",
                "create /a/c last",
                "create /a/b",
                "create /a/b/deep grün",
                "create /acl x world:anyone:cra,digest:ann:hash=:cdrwa",
                "create /limited",
                "create /free",
                "create /free/below",
                "setquota -n 5 /limited",
                "setquota -B 100 /limited")) {
            zkCli(call);
        }
    }

    @AfterAll
    static void closeServer() throws InterruptedException {
        client.close();
        server.close();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "ls /",
                "ls -s /a",
                "ls /a/c",
                "ls -R /a",
                "get /a",
                "get -s /a",
                "get /a/b",
                "get /a/b/deep",
                "get -b /a/b/deep",
                "get -x /a/b/deep",
                "stat /a",
                "getAcl /a",
                "getAcl /acl",
                "getAcl -s /acl",
                "set /a second",
                "setAcl /acl world:anyone:cra",
                "sync /a",
                "listquota /limited",
                "getAllChildrenNumber /a",
                "getEphemerals",
                "getEphemerals /a",
                "whoami",
                "config",
                "config -c",
                "version",
                "delete /nothing",
                "deleteall /nothing",
                "get /nothing",
                "ls /nothing",
                "stat /nothing",
                "getAcl /nothing",
            })
    void shouldPrintWhatZkCliPrints(String call) throws Exception {
        final String expected = zkCli(call);

        final CommandRun run = varve(call);

        assertThat(run.out() + run.err().replaceFirst("^varve: ", "")).isEqualTo(expected);
        assertThat(run.exitCode()).isEqualTo(call.endsWith("/nothing") ? 1 : 0);
    }

    /** Calls that change the same node twice in the same way, with zkCli and without, in that order. */
    @ParameterizedTest
    @ValueSource(strings = {"set -s /a/c next", "setAcl -s /a/c world:anyone:cdrwa"})
    void shouldPrintTheStatThatTheChangeLeaves(String call) throws Exception {
        final String expected = zkCli(call);

        final String printed = varve(call).out();

        assertThat(varied(printed)).isEqualTo(varied(expected)).contains("numChildren = 0");
    }

    private static String varied(String stat) {
        return stat.replaceAll("(?m)^(mZxid|mtime|dataVersion|aclVersion) = .*$", "$1");
    }

    @ParameterizedTest
    @ValueSource(strings = {"-n 7", "-N 7", "-b 70", "-B 70"})
    void shouldKeepAQuotaAsZkCliDoes(String limit) throws Exception {
        zkCli("setquota " + limit + " /free");
        final String kept = zkCli("listquota /free") + zkCli("ls -R /zookeeper/quota");
        zkCli("delquota /free");

        varve("setquota " + limit + " /free");

        assertThat(zkCli("listquota /free") + zkCli("ls -R /zookeeper/quota")).isEqualTo(kept);
        varve("delquota " + limit.split(" ")[0] + " /free");
        assertThat(zkCli("listquota /free")).startsWith("Output quota for /free count=-1,bytes=-1");
        varve("delquota /free");
        assertThat(zkCli("ls /zookeeper/quota")).isEqualTo("[limited]\n");
    }

    private static CommandRun varve(String call) {
        final List<String> args =
                new ArrayList<>(List.of("tree", "-server", server.address(), "--auth", "digest:ann:secret"));
        args.addAll(Arrays.asList(call.split(" ")));
        return CommandRun.of(args.toArray(new String[0]));
    }

    /** What zkCli's command prints, or the message of its error. */
    private static String zkCli(String call) throws Exception {
        final ByteArrayOutputStream out = new ByteArrayOutputStream();
        final CliCommand command = ZK_CLI.get(call.split(" ")[0]);
        command.setZk(client);
        command.setOut(new PrintStream(out, true, UTF_8));
        command.setErr(new PrintStream(new ByteArrayOutputStream(), true, UTF_8));
        try {
            command.parse(call.split(" ")).exec();
        } catch (CliException e) {
            return e.getMessage() + System.lineSeparator();
        }
        return out.toString(UTF_8);
    }
}
