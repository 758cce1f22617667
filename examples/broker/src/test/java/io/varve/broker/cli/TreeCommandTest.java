// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.apache.zookeeper.server.auth.DigestAuthenticationProvider;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.JsonNode;

/** The commands as people and programs call them, against a server of Apache ZooKeeper. */
class TreeCommandTest {

    /** What a loaded machine may need for what takes a moment. */
    private static final Duration LONG = Duration.ofMinutes(1);

    private static @TempDir Path directory;
    private static ApacheZooKeeper server;

    @BeforeAll
    static void startServer() throws Exception {
        server = ApacheZooKeeper.start(directory);
        out("create", "/full");
        out("create", "/full/child");
    }

    @AfterAll
    static void closeServer() {
        server.close();
    }

    @Test
    void shouldCreateReadChangeAndDeleteANode() {
        assertThat(out("create", "/life", "born")).isEqualTo("Created /life\n");
        assertThat(out("get", "/life")).isEqualTo("born\n");
        assertThat(out("set", "/life", "lived")).isEmpty();
        assertThat(out("get", "-s", "/life")).startsWith("lived\ncZxid = 0x").contains("\ndataVersion = 1\n");
        assertThat(out("create", "/life/child")).isEqualTo("Created /life/child\n");
        assertThat(out("ls", "/life")).isEqualTo("[child]\n");
        assertThat(out("ls", "-R", "/life")).isEqualTo("/life\n/life/child\n");
        assertThat(out("getAllChildrenNumber", "/life")).isEqualTo("1\n");
        assertThat(out("sync", "/life")).isEqualTo("Sync is OK\n");
        assertThat(out("delete", "-v", "0", "/life/child")).isEmpty();
        assertThat(out("deleteall", "/life")).isEmpty();
        assertThat(run("get", "/life").exitCode()).isEqualTo(1);
    }

    @Test
    void shouldPrintOneObjectForEachCommand() {
        assertThat(json("create", "/json", "grün").at("/path").asString()).isEqualTo("/json");
        final JsonNode set = json("set", "/json", "blau", "-s");
        assertThat(set.at("/stat/dataVersion").asInt()).isEqualTo(1);
        assertThat(set.at("/stat/ephemeralOwner").asString()).isEqualTo("0x0");
        assertThat(Instant.parse(set.at("/stat/mtime").asString()))
                .isBeforeOrEqualTo(Instant.now().plusSeconds(60));
        assertThat(json("get", "/json").at("/data").asString()).isEqualTo("blau");
        assertThat(json("get", "/json").has("stat")).isFalse();
        assertThat(json("get", "-b", "/json").at("/dataBase64").asString()).isEqualTo("YmxhdQ==");
        assertThat(json("create", "/json/b").at("/path").asString()).isEqualTo("/json/b");
        assertThat(json("create", "/json/a").at("/path").asString()).isEqualTo("/json/a");
        assertThat(json("get", "/json/a").get("data").isNull()).isTrue();
        assertThat(json("ls", "/json").toString()).isEqualTo("{\"path\":\"/json\",\"children\":[\"a\",\"b\"]}");
        assertThat(out("-o", "json", "ls", "-R", "/json").lines())
                .containsExactly("{\"path\":\"/json\"}", "{\"path\":\"/json/a\"}", "{\"path\":\"/json/b\"}");
        assertThat(json("stat", "/json").at("/stat/numChildren").asInt()).isEqualTo(2);
        assertThat(json("getAcl", "/json").at("/acl/0").toString())
                .isEqualTo("{\"scheme\":\"world\",\"id\":\"anyone\",\"permissions\":\"cdrwa\"}");
        assertThat(json("whoami").at("/identities/0/scheme").asString()).isEqualTo("ip");
        assertThat(json("config").at("/config").asString()).isEmpty();
        assertThat(json("sync", "/json").at("/synced").asBoolean()).isTrue();
        assertThat(json("getEphemerals").at("/ephemerals").size()).isZero();
        assertThat(json("version").at("/version").asString()).startsWith("3.9.");
        assertThat(json("deleteall", "/json").at("/deleted").asBoolean()).isTrue();
    }

    @Test
    void shouldShowBytesThatAreNoTextAsBase64() {
        out("create", "/bytes");
        out("set", "-b", "/bytes", "/wD+");

        assertThat(json("get", "/bytes").at("/dataBase64").asString()).isEqualTo("/wD+");
        assertThat(out("get", "-b", "/bytes")).isEqualTo("/wD+\n");
        assertThat(out("get", "-x", "/bytes")).contains("ff 00 fe");
    }

    @Test
    void shouldCreateNodesOfAllModes() {
        out("create", "/modes");
        assertThat(out("create", "-s", "/modes/s-")).isEqualTo("Created /modes/s-0000000000\n");
        assertThat(out("create", "-s", "/modes/")).isEqualTo("Created /modes/0000000001\n");
        assertThat(out("create", "-c", "/modes/c")).isEqualTo("Created /modes/c\n");
        assertThat(out("create", "-t", "60000", "/modes/t", "data")).isEqualTo("Created /modes/t\n");
        assertThat(out("create", "-se", "/modes/e-")).isEqualTo("Created /modes/e-0000000004\n");
        assertThat(server.containers()).contains("/modes/c");
        assertThat(server.nodesWithTtl()).contains("/modes/t");
    }

    @Test
    void shouldLeaveTheSessionOfAnEphemeralNodeToRunOut() {
        out("-timeout", "4000", "create", "-e", "/brief", "here");

        assertThat(server.hasNode("/brief")).isTrue();
        await().atMost(LONG).until(() -> !server.hasNode("/brief"));
    }

    @Test
    void shouldTakeOptionsBeforeAndAfterTheCommandAndAnythingAfterTwoDashes(@TempDir Path other) throws IOException {
        final String at = "@" + Files.writeString(other.resolve("file"), "not this");

        assertThat(out("create", "/dash")).isEqualTo("Created /dash\n");
        assertThat(out("set", "--", "/dash", "-5")).isEmpty();
        assertThat(CommandRun.of("tree", "get", "/dash", "--server", server.address(), "-ojson")
                        .json()
                        .at("/data")
                        .asString())
                .isEqualTo("-5");
        assertThat(out("set", "/dash", at)).isEmpty();
        assertThat(out("get", "/dash")).isEqualTo(at + "\n");
        assertThat(out("set", "/dash", "")).isEmpty();
        assertThat(out("get", "/dash")).isEqualTo("\n");
    }

    @Test
    void shouldFindPathsBelowARoot() {
        out("create", "/root");
        out("create", "/root/inner", "x");

        final CommandRun run = CommandRun.of("tree", "-server", server.address() + "/root", "get", "/inner");

        assertThat(run.out()).isEqualTo("x\n");
        assertThat(CommandRun.of("tree", "-server", server.address() + "/no", "create", "/inner")
                        .err())
                .isEqualTo("varve: Node does not exist: /no, the parent of /inner; create it first\n");
        assertThat(CommandRun.of("tree", "-server", server.address() + "/no/", "ls", "/")
                        .err())
                .isEqualTo("varve: invalid path: /no/: Path must not end with / character\n");
        assertThat(CommandRun.of("tree", "-server", server.address() + "/root", "listquota", "/inner")
                        .err())
                .startsWith("varve: quotas are kept above the root /root: ");
    }

    @Test
    void shouldLetInOnlyWhoHasTheRight() throws Exception {
        final String acl = "digest:" + DigestAuthenticationProvider.generateDigest("ann:secret") + ":cdrwa";
        out("create", "/guarded", "data", acl);

        final CommandRun stranger = run("get", "/guarded");

        assertThat(stranger.exitCode()).isEqualTo(1);
        assertThat(stranger.err())
                .isEqualTo(
                        "varve: Insufficient permission: /guarded; say who you are with --auth SCHEME:CREDENTIALS\n");
        assertThat(out("--auth", "digest:ann:secret", "get", "/guarded")).isEqualTo("data\n");
        assertThat(out("--auth", "digest:ann:secret", "whoami")).contains("digest: ann");
        assertThat(out("--auth", "digest:ann:secret", "setAcl", "-R", "/guarded", "world:anyone:r"))
                .isEmpty();
        assertThat(out("getAcl", "/guarded")).isEqualTo("'world,'anyone\n: r\n");
        assertThat(run("--auth", "nosuch:x", "ls", "/").err())
                .isEqualTo("varve: the server does not accept who --auth says you are\n");
    }

    @Test
    void shouldLimitANodeByAQuota() {
        out("create", "/quota");
        out("create", "/quota/a", "12345");

        assertThat(run("listquota", "/quota").err()).isEqualTo("varve: quota for /quota does not exist.\n");
        assertThat(out("setquota", "-B", "10", "/quota")).isEmpty();
        assertThat(out("setquota", "-N", "2", "/quota")).isEmpty();
        final JsonNode listed = json("listquota", "/quota");
        assertThat(listed.at("/limits").toString())
                .isEqualTo("{\"count\":null,\"bytes\":null,\"countHardLimit\":2,\"byteHardLimit\":10}");
        assertThat(listed.at("/used").toString()).isEqualTo("{\"count\":2,\"bytes\":5}");
        assertThat(json("create", "/quota/b").at("/error/code").asString()).isEqualTo("QUOTAEXCEEDED");
        assertThat(json("set", "/quota/a", "12345678901").at("/error/code").asString())
                .isEqualTo("QUOTAEXCEEDED");
        assertThat(out("setquota", "-b", "1", "/quota"))
                .startsWith("[Warning]: the bytes quota")
                .contains(":5");
        assertThat(run("setquota", "-n", "5", "/quota/a").err()).contains("/quota has one");
        assertThat(run("setquota", "-n", "5", "/").exitCode()).isEqualTo(1);
        assertThat(out("delquota", "-N", "/quota")).isEmpty();
        assertThat(out("create", "/quota/b")).isEqualTo("Created /quota/b\n");
        assertThat(out("delquota", "/quota")).isEmpty();
        assertThat(run("listquota", "/quota").exitCode()).isEqualTo(1);
        assertThat(out("ls", "/zookeeper/quota")).isEqualTo("[]\n");
    }

    @Test
    void shouldPrintEventsAsTheyCome() throws Exception {
        out("create", "/watched");
        final CompletableFuture<CommandRun> text = started("watch", "-R", "/watched", "--max-events", "3");
        final CompletableFuture<CommandRun> json =
                started("addWatch", "-m", "PERSISTENT", "/watched", "--max-events", "1", "-o", "json");
        final CompletableFuture<CommandRun> once = started("ls", "-w", "/watched");
        await().atMost(LONG).until(() -> server.watchCount() == 4); // a persistent one counts for data and for children

        out("create", "/watched/child");
        out("set", "/watched/child", "x");
        out("delete", "/watched/child");

        assertThat(text.get().out().lines().map(line -> line.replaceFirst(" zxid: \\d+$", "")))
                .containsExactly(
                        "WatchedEvent state:SyncConnected type:NodeCreated path:/watched/child",
                        "WatchedEvent state:SyncConnected type:NodeDataChanged path:/watched/child",
                        "WatchedEvent state:SyncConnected type:NodeDeleted path:/watched/child");
        assertThat(json.get().json().at("/type").asString()).isEqualTo("NodeChildrenChanged");
        assertThat(json.get().json().at("/zxid").asLong()).isPositive();
        assertThat(once.get().out())
                .startsWith("[]\nWatchedEvent state:SyncConnected type:NodeChildrenChanged path:/watched zxid: ");
        assertThat(List.of(
                        text.get().exitCode(), json.get().exitCode(), once.get().exitCode()))
                .containsOnly(0);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "get /none | NONODE | Node does not exist: /none",
                "stat /none | NONODE | Node does not exist: /none",
                "create /none/child | NONODE | Node does not exist: /none, the parent of /none/child; create it first",
                "create /zookeeper | NODEEXISTS | Node already exists: /zookeeper",
                "delete /zookeeper | BADARGUMENTS | Arguments are not valid: /zookeeper",
                "delete /full | NOTEMPTY | Node not empty: /full; delete what is below too with: varve tree deleteall"
                        + " /full",
                "set /full x -v 7 | BADVERSION | Node has another version than the given one: /full; see which with:"
                        + " varve tree stat /full",
                "create /bad d nosuch:x:r | INVALIDACL | Acl is not valid: /bad; the server does not know a scheme or an"
                        + " id of it",
                "get none | INVALID_PATH | invalid path: none: Path must start with / character",
                "get /a/ | INVALID_PATH | invalid path: /a/: Path must not end with / character",
            })
    void shouldSayInOneLineWhatIsWrong(String call, String code, String message) {
        final CommandRun text = run(call.split(" "));
        final CommandRun json = run((call + " -o json").split(" "));

        assertThat(text.exitCode()).isEqualTo(1);
        assertThat(text.out()).isEmpty();
        assertThat(text.err()).isEqualTo("varve: " + message + "\n");
        assertThat(json.exitCode()).isEqualTo(1);
        assertThat(json.err()).isEmpty();
        assertThat(json.json().at("/error/code").asString()).isEqualTo(code);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "lst / | unknown command: lst; did you mean ls?; see varve tree --help",
                "getacl / | unknown command: getacl; did you mean getAcl?; see varve tree --help",
                "get | Missing required parameter: 'PATH'; see varve tree get --help",
                "create -c -e /x | -c cannot be combined with -s or -e: containers are neither sequential nor ephemeral",
                "create -t 5 -e /x | -t cannot be combined with -e or -c: only persistent nodes have a time to live",
                "setAcl / world:anyone:q | not an ACL: world:anyone:q: unknown permission: q; an example is"
                        + " world:anyone:cdrwa",
                "setAcl / anyone | not an ACL: anyone: not of the form SCHEME:ID:PERMISSIONS; an example is"
                        + " world:anyone:cdrwa",
                "setquota -n 0 / | a quota of nodes must be more than 0: 0",
                "set -b / *** | not Base64: ***",
                "--auth digest ls / | --auth is of the form SCHEME:CREDENTIALS, as digest:user:password",
            })
    void shouldAnswerAWrongCallInOneLine(String call, String message) {
        final CommandRun run = run(call.split(" "));

        assertThat(run.exitCode()).isEqualTo(2);
        assertThat(run.out()).isEmpty();
        assertThat(run.err()).isEqualTo("varve: " + message + "\n");
    }

    @Test
    void shouldShowTheCommandsThatThereAre() {
        final CommandRun none = CommandRun.of("tree");
        final CommandRun help = CommandRun.of("tree", "create", "--help");

        assertThat(none.exitCode()).isEqualTo(2);
        assertThat(none.err()).contains("ls", "getAllChildrenNumber", "watch", "-server", "--auth");
        assertThat(help.exitCode()).isZero();
        assertThat(help.out()).contains("Ephemeral", "-server");
    }

    @ParameterizedTest
    @CsvSource({"host:x", "':1'", "'a:1,,b:2'", "''"})
    void shouldSayHowServersAreNamed(String servers) {
        final CommandRun run = CommandRun.of("tree", "-server", servers, "ls", "/");

        assertThat(run.exitCode()).isEqualTo(2);
        assertThat(run.err())
                .startsWith("varve: not a server: ")
                .contains("HOST:PORT")
                .hasLineCount(1);
    }

    @Test
    void shouldNameTheServersThatCannotBeReached() throws IOException {
        final int port;
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            port = socket.getLocalPort();
        }

        final CommandRun refused =
                CommandRun.of("tree", "-server", "127.0.0.1:" + port + ",[::1]:" + port + "/x", "ls", "/");

        assertThat(refused.exitCode()).isEqualTo(1);
        assertThat(refused.err())
                .startsWith("varve: no server at 127.0.0.1:" + port + " (connection refused), [::1]:" + port + " (")
                .endsWith("); name others with -server HOST:PORT[,..]\n")
                .hasLineCount(1);
    }

    @Test
    void shouldGiveUpOnAServerThatDoesNotServe() throws IOException {
        try (ServerSocket silent = new ServerSocket(0, 10, InetAddress.getByName("127.0.0.1"))) {
            final String address = "127.0.0.1:" + silent.getLocalPort();

            final CommandRun run = CommandRun.of("tree", "-server", address, "-timeout", "500", "ls", "/");

            assertThat(run.exitCode()).isEqualTo(1);
            assertThat(run.err())
                    .isEqualTo("varve: no server opened a session within 500 ms: " + address
                            + "; see what they do with: varve quorum status -server " + address + "\n");
        }
    }

    private static CompletableFuture<CommandRun> started(String... args) {
        return CompletableFuture.supplyAsync(() -> run(args));
    }

    private static String out(String... args) {
        final CommandRun run = run(args);
        assertThat(run.err()).isEmpty();
        assertThat(run.exitCode()).isZero();
        return new String(run.outBytes(), UTF_8);
    }

    private static JsonNode json(String... args) {
        final List<String> all = new ArrayList<>(List.of("-o", "json"));
        all.addAll(Arrays.asList(args));
        return run(all.toArray(new String[0])).json();
    }

    private static CommandRun run(String... args) {
        final List<String> all = new ArrayList<>(List.of("tree", "-server", server.address()));
        all.addAll(Arrays.asList(args));
        return CommandRun.of(all.toArray(new String[0]));
    }
}
