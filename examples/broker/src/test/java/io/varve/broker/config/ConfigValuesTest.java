// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

class ConfigValuesTest {

    private @TempDir Path directory;

    @Test
    void shouldNameFileLineKeyAndNearestKeyOfAnUnknownKey() throws IOException {
        final Path file = write("node.id=1\n\nlog.retention.hourz=3\n");

        final ConfigException e = failure(file);

        assertThat(e.reason()).isEqualTo(ConfigException.Reason.UNKNOWN_KEY);
        assertThat(e.file()).isEqualTo(file.toString());
        assertThat(e.line()).isEqualTo(3);
        assertThat(e.key()).isEqualTo("log.retention.hourz");
        assertThat(e.nearestKey()).isEqualTo("log.retention.hours");
        assertThat(e).hasMessage(file + ":3: unknown key: log.retention.hourz, nearest known key: log.retention.hours");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "num.io.threads=many | not an int, must be at least 1",
                "num.io.threads=0 | must be at least 1",
                "port=70000 | must be between 0 and 65535",
                "auto.create.topics.enable=yes | not a boolean",
                "compression.type=brotli | must be one of uncompressed, zstd, lz4, snappy, gzip, producer",
                "log.cleanup.policy=delete,shrink | must be a list of delete, compact",
                "log.dirs= | must be not empty",
                "log.retention.ms=9223372036854775808 | not a long, must be at least -1",
                "zookeeper.connect= | must be not empty",
                "server.1=host:2888 | must be host:peerPort:electionPort, then :participant or :observer if you like,"
                        + " then ;clientPort if you like",
            })
    void shouldSayWhatIsWrongWithAValue(String setting, String problem) throws IOException {
        final Path file = write("# first\n" + setting + "\n");

        final ConfigException e = failure(file);

        assertThat(e.reason()).isEqualTo(ConfigException.Reason.BAD_VALUE);
        assertThat(e).hasMessage(file + ":2: bad value: " + setting + ", " + problem);
    }

    @Test
    void shouldReportAMissingFile() {
        final Path file = directory.resolve("none.properties");

        assertThat(failure(file)).hasMessage(file + ": no such file");
    }

    @Test
    void shouldPutTheCommandLineBeforeTheFile() throws IOException {
        final Path file = write("num.partitions=3\nnode.id=4\n");

        final ConfigValues values = ConfigValues.load(file, List.of("num.partitions=5"));

        assertThat(values.intValue("num.partitions")).isEqualTo(5);
        assertThat(values.intValue("node.id")).isEqualTo(4);
        assertThat(values.origin("num.partitions")).hasToString("--set");
        assertThat(values.origin("node.id")).hasToString(file + ":2");
    }

    @Test
    void shouldUnderstandTheNamesOfOldTutorials() throws IOException {
        final Path file = write(
                """
                broker.id=7
                port=9093
                host.name=127.0.0.1
                num.network.threads=2
                num.io.threads=8
                socket.send.buffer.bytes=1048576
                log.dir=/tmp/kafka-logs
                log.retention.hours=2
                log.cleaner.enable=false
                zookeeper.connect=localhost:2181
                zookeeper.connection.timeout.ms=1000000
                """);

        final ConfigValues values = ConfigValues.load(file, List.of());

        assertThat(values.intValue("node.id")).isEqualTo(7);
        assertThat(values.listeners()).containsExactly(new ListenerSpec("PLAINTEXT", "PLAINTEXT", "127.0.0.1", 9093));
        assertThat(values.advertisedListeners()).isEqualTo(values.listeners());
        assertThat(values.logDirectories()).containsExactly(Path.of("/tmp/kafka-logs"));
        assertThat(values.longValue("log.retention.ms")).isEqualTo(7_200_000);
        assertThat(values.stringValue("zookeeper.connect")).isEqualTo("localhost:2181");
        assertThat(values.intValue("zookeeper.connection.timeout.ms")).isEqualTo(1_000_000);
        assertThat(values.intValue("zookeeper.session.timeout.ms")).isEqualTo(18_000);
        assertThat(values.warnings()).isEmpty();
    }

    @Test
    void shouldStartFromAFileOfACombinedKraftNode() {
        final ConfigValues values = ConfigValues.of(Map.of(
                "process.roles", "broker,controller",
                "node.id", "1",
                "controller.quorum.bootstrap.servers", "localhost:9093",
                "listeners", "PLAINTEXT://:9092,CONTROLLER://:9093",
                "inter.broker.listener.name", "PLAINTEXT",
                "advertised.listeners", "PLAINTEXT://localhost:9092,CONTROLLER://localhost:9093",
                "controller.listener.names", "CONTROLLER",
                "listener.security.protocol.map", "CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT,SSL:SSL"));

        assertThat(values.listeners()).containsExactly(new ListenerSpec("PLAINTEXT", "PLAINTEXT", "", 9092));
        assertThat(values.advertisedListeners())
                .containsExactly(new ListenerSpec("PLAINTEXT", "PLAINTEXT", "localhost", 9092));
    }

    @Test
    void shouldLetBrokersUseTheFirstListenerUnlessTold() {
        final Map<String, String> settings = new java.util.HashMap<>(Map.of(
                "listeners", "outside://localhost:9092,inside://localhost:9093",
                "listener.security.protocol.map", "OUTSIDE:PLAINTEXT,INSIDE:PLAINTEXT"));

        assertThat(ConfigValues.of(settings).interBrokerListener()).isEqualTo("OUTSIDE");

        settings.put("inter.broker.listener.name", "inside");
        assertThat(ConfigValues.of(settings).interBrokerListener()).isEqualTo("INSIDE");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "listeners=localhost:9092 | not of the form NAME://HOST:PORT: localhost:9092",
                "listeners=PLAINTEXT://h:1,plaintext://h:2 | the name is given twice: PLAINTEXT",
                "listeners=PUBLIC://h:1 | listener.security.protocol.map has no protocol for the name PUBLIC",
                "listeners=SSL://h:1 | SSL asks for SSL, only PLAINTEXT can be served",
                "advertised.listeners=OTHER://h:1 | listener.security.protocol.map has no protocol for the name OTHER",
                "advertised.listeners=PLAINTEXT://0.0.0.0:1 | a client cannot connect to PLAINTEXT://0.0.0.0:1",
                "group.min.session.timeout.ms=1800001 | must not be above group.max.session.timeout.ms",
                "inter.broker.listener.name=INSIDE | INSIDE is not among the listeners",
                "replica.fetch.wait.max.ms=30001 | must not be above replica.socket.timeout.ms",
            })
    void shouldRefuseWhatContradicts(String setting, String problem) throws IOException {
        final Path file = write("\n" + setting + "\n");

        final ConfigException e = failure(file);

        assertThat(e.reason()).isEqualTo(ConfigException.Reason.CONFLICT);
        assertThat(e).hasMessage(file + ":2: " + setting.substring(0, setting.indexOf('=')) + ": " + problem);
    }

    @Test
    void shouldGiveTheMembersOfAQuorumByTheirNumbers() throws IOException {
        final Path file = write("server.10=c:2888:3888:observer\nserver.2=b:2888:3888;2181\nnode.id=2\n");

        final ConfigValues values = ConfigValues.load(file, List.of("server.1=a:2888:3888"));

        assertThat(values.numberedValues("server.N"))
                .isEqualTo(Map.of(1, "a:2888:3888", 2, "b:2888:3888;2181", 10, "c:2888:3888:observer"));
        assertThat(values.origin("server.2")).hasToString(file + ":2");
        assertThat(ConfigValues.of(Map.of()).numberedValues("server.N")).isEmpty();
    }

    @Test
    void shouldWaitForAnEnsembleAsLongAsASessionLives() {
        final ConfigValues values = ConfigValues.of(Map.of("zookeeper.session.timeout.ms", "6000"));

        assertThat(values.intValue("zookeeper.connection.timeout.ms")).isEqualTo(6_000);
    }

    static Stream<Arguments> contradictions() {
        return Stream.of(
                arguments(
                        "server.1=h:1:2",
                        "",
                        "server.1: no line is this broker's: node.id=0, lines=[1]; a broker that is no member names the members'"
                                + " client ports in zookeeper.connect"),
                arguments(
                        "zookeeper.connect=h:1",
                        "server.0=h:1:2",
                        "zookeeper.connect: the lines server.N ask for a quorum of the brokers instead; remove the one or the others"),
                arguments(
                        "clientPort=2181",
                        "zookeeper.connect=h:1",
                        "clientPort: ZooKeeper's clients are served by the servers of zookeeper.connect; remove one of the two"));
    }

    @ParameterizedTest
    @MethodSource("contradictions")
    void shouldCoordinateByOneThing(String setting, String other, String problem) throws IOException {
        final Path file = write("\n" + setting + "\n" + other + "\n");

        assertThat(failure(file)).hasMessage(file + ":2: " + problem);
    }

    @Test
    void shouldWantANumberForTheMembersKey() throws IOException {
        assertThat(failure(write("server.N=h:1:2\n")))
                .hasMessageContaining("unknown key: server.N, nearest known key: server.1");
    }

    @Test
    void shouldWarnOfUnknownKeysWhenAsked() {
        final ConfigValues values = ConfigValues.of(Map.of("config.unknown", "warn", "num.io.thread", "3"));

        assertThat(values.warnings())
                .containsExactly("--set: unknown key: num.io.thread, nearest known key: num.io.threads");
    }

    @Test
    void shouldPreferTheFinestUnit() {
        assertThat(retentionMs(Map.of())).isEqualTo(604_800_000);
        assertThat(retentionMs(Map.of("log.retention.hours", "1"))).isEqualTo(3_600_000);
        assertThat(retentionMs(Map.of("log.retention.hours", "1", "log.retention.minutes", "5")))
                .isEqualTo(300_000);
        assertThat(retentionMs(Map.of("log.retention.minutes", "5", "log.retention.ms", "6")))
                .isEqualTo(6);
        assertThat(retentionMs(Map.of("log.retention.hours", "-1"))).isEqualTo(-1);
    }

    private static long retentionMs(Map<String, String> settings) {
        final ConfigValues values = ConfigValues.of(settings);
        final long broker = values.longValue("log.retention.ms");
        assertThat(values.forTopic(Map.of()).longValue("retention.ms")).isEqualTo(broker);
        return broker;
    }

    @Test
    void shouldLookAtTheTopicThenAtTheRunningBrokerThenAtTheFile() {
        final ConfigValues broker = ConfigValues.of(Map.of("log.retention.hours", "1", "min.insync.replicas", "1"))
                .withDynamic(Map.of("log.retention.ms", "50"), Map.of("log.retention.ms", "40"));

        final ConfigDescription own =
                broker.forTopic(Map.of("retention.ms", "30")).describe("retention.ms");
        final ConfigDescription inherited = broker.forTopic(Map.of()).describe("retention.ms");

        assertThat(own.value()).isEqualTo("30");
        assertThat(own.source()).isEqualTo(ConfigSource.DYNAMIC_TOPIC);
        assertThat(own.candidates())
                .containsExactly(
                        new ConfigDescription.Candidate("retention.ms", "30", ConfigSource.DYNAMIC_TOPIC),
                        new ConfigDescription.Candidate("log.retention.ms", "40", ConfigSource.DYNAMIC_BROKER),
                        new ConfigDescription.Candidate("log.retention.ms", "50", ConfigSource.DYNAMIC_DEFAULT_BROKER),
                        new ConfigDescription.Candidate("log.retention.hours", "1", ConfigSource.STATIC_BROKER),
                        new ConfigDescription.Candidate("retention.ms", "604800000", ConfigSource.DEFAULT));
        assertThat(inherited.value()).isEqualTo("40");
        assertThat(inherited.source()).isEqualTo(ConfigSource.DYNAMIC_BROKER);
    }

    @Test
    void shouldNotLetATopicKeyOfTheSameNameReachTheBroker() {
        final ConfigValues topic =
                ConfigValues.of(Map.of("min.insync.replicas", "2")).forTopic(Map.of("min.insync.replicas", "3"));

        assertThat(topic.intValue("min.insync.replicas")).isEqualTo(3);
        assertThat(topic.isSet("min.insync.replicas")).isTrue();
        assertThat(topic.isSet("retention.ms")).isFalse();
    }

    @Test
    void shouldLeaveOutDynamicValuesThatAreNoLongerValid() {
        final ConfigValues values = ConfigValues.of(Map.of())
                .withDynamic(Map.of(), Map.of("num.io.threads", "none", "gone", "1"))
                .forTopic(Map.of("retention.ms", "-5", "segment.ms", "1000"));

        assertThat(values.longValue("retention.ms")).isEqualTo(604_800_000);
        assertThat(values.longValue("segment.ms")).isEqualTo(1000);
    }

    @Test
    void shouldReadAFileOfAnotherEncoding() throws IOException {
        final Path latin = directory.resolve("latin.properties");
        Files.write(latin, "broker.rack=K\u00f6ln\n".getBytes(StandardCharsets.ISO_8859_1));
        final Path utf8 = write("broker.rack=K\u00f6ln\n");

        assertThat(ConfigValues.load(latin, List.of()).stringValue("broker.rack"))
                .isEqualTo("K\u00f6ln");
        assertThat(ConfigValues.load(utf8, List.of()).stringValue("broker.rack"))
                .isEqualTo("K\u00f6ln");
    }

    private Path write(String text) throws IOException {
        return Files.writeString(directory.resolve("server.properties"), text);
    }

    private static ConfigException failure(Path file) {
        return catchThrowableOfType(ConfigException.class, () -> ConfigValues.load(file, List.of()));
    }
}
