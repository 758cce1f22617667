// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.varve.log.CommitLog;
import io.varve.log.LogConfig;
import io.varve.log.batch.BatchBuilder;
import io.varve.log.batch.Compression;
import io.varve.log.batch.Header;
import java.io.IOException;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** {@code varve log ...} on directories that no broker has open. */
class LogCommandTest {

    private static final String FIRST = "00000000000000000000";

    @TempDir
    private Path above;

    private Path directory;

    @BeforeEach
    void writeLog() {
        directory = above.resolve("orders-0");
        LogConfig config =
                LogConfig.builder().segmentBytes(400).indexIntervalBytes(1).build();
        try (CommitLog log = CommitLog.open(directory, config)) {
            for (int i = 0; i < 6; i++) {
                log.append(
                        new BatchBuilder()
                                .compression(i % 2 == 0 ? Compression.NONE : Compression.ZSTD)
                                .add(1000 + i, bytes("k" + i), bytes("a\tb\u00e4" + i), List.of(new Header("h", null)))
                                .add(1000 + i, null, ByteBuffer.wrap(new byte[] {-1, 'x', 10}), List.of())
                                .build(),
                        i / 3);
            }
            log.commitCursor("billing", 4);
        }
    }

    @Test
    void shouldDumpHeadersInTheLinesOfKafkasTool() {
        CommandRun run = CommandRun.of("log", "dump", directory.toString(), "--max", "1");

        assertThat(run.exitCode()).isZero();
        assertThat(run.err()).isEmpty();
        assertThat(run.out().lines())
                .hasSize(3)
                .startsWith("Dumping " + FIRST + ".log", "Log starting offset: 0")
                .last()
                .asString()
                .startsWith("baseOffset: 0 lastOffset: 1 count: 2 baseSequence: -1 lastSequence: -1 producerId: -1"
                        + " producerEpoch: -1 partitionLeaderEpoch: 0 isTransactional: false isControl: false"
                        + " deleteHorizonMs: OptionalLong.empty position: 0 CreateTime: 1000 size: ")
                .contains(" magic: 2 compresscodec: none crc: ")
                .endsWith(" isvalid: true");
    }

    @Test
    void shouldDumpRecordsFromAnOffsetWithEscapes() {
        CommandRun run = CommandRun.of("log", "dump", directory.toString(), "--values", "--from", "3", "--max", "2");

        assertThat(run.out().lines().filter(line -> line.startsWith("|")))
                .containsExactly(
                        "| offset: 3 CreateTime: 1001 keySize: -1 valueSize: 3 sequence: -1 headerKeys: []"
                                + " payload: \\xffx\\n",
                        "| offset: 4 CreateTime: 1002 keySize: 2 valueSize: 6 sequence: -1 headerKeys: [h]"
                                + " key: k2 payload: a\\tb\u00e42");
    }

    @Test
    void shouldDumpOneJsonObjectOnEachLine() {
        List<JsonNode> batches = lines("log", "dump", directory.toString(), "-o", "json");
        assertThat(batches).hasSize(6).allMatch(batch -> batch.get("isvalid").asBoolean());
        assertThat(batches.get(1).get("compresscodec").asString()).isEqualTo("zstd");

        List<JsonNode> records = lines("log", "dump", directory.toString(), "-o", "json", "--values", "--max", "2");
        assertThat(records.get(1).get("value").asString()).isEqualTo("a\tb\u00e40");
        assertThat(records.get(2).get("valueBase64").asString()).isEqualTo("/3gK");
        assertThat(records.get(2).get("key").isNull()).isTrue();

        assertThat(lines("log", "dump", directory.toString(), "-o", "json", "--index"))
                .isNotEmpty();
        assertThat(lines("log", "dump", directory.toString(), "-o", "json", "--epochs"))
                .extracting(JsonNode::toString)
                .containsExactly(
                        "{\"type\":\"epoch\",\"epoch\":0,\"startOffset\":0}",
                        "{\"type\":\"epoch\",\"epoch\":1,\"startOffset\":6}");
        assertThat(CommandRun.of("log", "dump", directory.toString(), "--cursors")
                        .out())
                .isEqualTo("name: billing position: 4" + System.lineSeparator());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "dump",
                "dump --values",
                "dump --index",
                "verify",
                "verify --records",
                "stat --ratio",
                "repair --dry-run"
            })
    void shouldChangeNothing(String call) throws Exception {
        flip(directory.resolve(FIRST + ".vidx"), 30);
        Files.delete(directory.resolve("clean-close"));
        String before = hash();

        CommandRun.of(("log " + call + " " + directory).split(" ", -1));

        assertThat(hash()).isEqualTo(before);
    }

    @Test
    void shouldVerifyAndCount() {
        CommandRun sound = CommandRun.of("log", "verify", directory.toString(), "--records");
        assertThat(sound.exitCode()).isZero();
        assertThat(sound.out()).startsWith(directory + ": sound, damage=0, notes=0, segments=");

        JsonNode stat = CommandRun.of("log", "stat", directory.toString(), "-o", "json", "--ratio")
                .json();
        assertThat(stat.get("records").asInt()).isEqualTo(12);
        assertThat(stat.at("/codecs/zstd/batches").asInt()).isEqualTo(3);
        assertThat(stat.at("/codecs/zstd/recordBytes").asInt()).isPositive();
        assertThat(stat.at("/cursors/billing").asInt()).isEqualTo(4);
        assertThat(stat.get("maxTimestamp").asLong()).isEqualTo(1005);
        assertThat(stat.get("recoveryBytes").asLong()).isZero();
        assertThat(CommandRun.of("log", "stat", directory.toString()).out())
                .contains("offsets=0..12", "codec zstd: batches=3", "epochs: 0 from 0, 1 from 6", "cursor billing: 4");
    }

    @Test
    void shouldFindDamageInOneOfABrokersLogs() throws IOException {
        try (CommitLog other = CommitLog.open(above.resolve("orders-1"), LogConfig.defaults())) {
            other.append(bytes("v").array());
        }
        flip(directory.resolve(FIRST + ".log"), 80);

        CommandRun text = CommandRun.of("log", "verify", above.toString());
        assertThat(text.exitCode()).isEqualTo(1);
        assertThat(text.out())
                .contains("DAMAGE BATCH orders-0/" + FIRST + ".log at 0: ", "orders-0: DAMAGED", "orders-1: sound");
        List<JsonNode> json = lines("log", "verify", above.toString(), "-o", "json");
        assertThat(json.get(0).get("kind").asString()).isEqualTo("BATCH");
        assertThat(json.get(json.size() - 1).get("sound").asBoolean()).isTrue();

        CommandRun one = CommandRun.of("log", "dump", above.toString());
        assertThat(one.exitCode()).isEqualTo(2);
        assertThat(one.err()).contains("holds 2 logs; give the directory of one of them: orders-0, orders-1");
        assertThat(CommandRun.of("log", "dump", directory.toString()).exitCode())
                .isEqualTo(1);
    }

    @Test
    void shouldRepairWhatCanBeRepaired() throws IOException {
        flip(directory.resolve(FIRST + ".vidx"), 30);

        CommandRun dry = CommandRun.of("log", "repair", directory.toString(), "--dry-run");
        assertThat(dry.out()).contains("put aside: " + FIRST + ".vidx.quarantine", "would have recovered: ");
        assertThat(CommandRun.of("log", "verify", directory.toString()).exitCode())
                .isEqualTo(1);
        CommandRun repair = CommandRun.of("log", "repair", directory.toString(), "-o", "json");
        assertThat(repair.exitCode()).isZero();
        assertThat(repair.json().get("sound").asBoolean()).isTrue();
        assertThat(repair.json().at("/recovery/scannedBytes").asLong()).isPositive();
        assertThat(CommandRun.of("log", "verify", directory.toString()).exitCode())
                .isZero();
    }

    @Test
    void shouldRefuseToRepairALogThatIsOpenButVerifyIt() {
        try (CommitLog open = CommitLog.open(directory, LogConfig.defaults())) {
            open.append(bytes("more").array());

            CommandRun repair = CommandRun.of("log", "repair", directory.toString());
            assertThat(repair.exitCode()).isEqualTo(1);
            assertThat(repair.err()).contains("the directory is in use", directory.toString());
            CommandRun verify = CommandRun.of("log", "verify", directory.toString());
            assertThat(verify.exitCode()).isZero();
            assertThat(verify.out()).contains("note   IN_USE", "sound");
        }
    }

    @Test
    void shouldSayWhatIsWrongWithADirectory() throws IOException {
        assertWrong(above.resolve("nowhere"), "it does not exist");
        assertWrong(directory.resolve(FIRST + ".log"), "is a file; give the directory that it is in");
        assertWrong(Files.createDirectory(above.resolve("empty")), "no log in ");
    }

    private static void assertWrong(Path path, String reason) {
        for (String command : List.of("dump", "verify", "repair", "stat")) {
            CommandRun run = CommandRun.of("log", command, path.toString());
            assertThat(run.exitCode()).as(command).isEqualTo(2);
            assertThat(run.err()).contains(path.toString(), reason).hasLineCount(1);
            CommandRun json = CommandRun.of("log", command, path.toString(), "-o", "json");
            assertThat(json.json().at("/error/code").asString()).isEqualTo("USAGE");
        }
    }

    private static List<JsonNode> lines(String... args) {
        JsonMapper mapper = JsonMapper.builder().build();
        return CommandRun.of(args).out().lines().map(mapper::readTree).toList();
    }

    private String hash() throws Exception {
        MessageDigest digest = MessageDigest.getInstance("SHA-256");
        try (Stream<Path> files = Files.walk(above)) {
            for (Path file : files.sorted().toList()) {
                digest.update(file.toString().getBytes(StandardCharsets.UTF_8));
                if (Files.isRegularFile(file)) {
                    digest.update(Files.readAllBytes(file));
                }
            }
        }
        return new BigInteger(1, digest.digest()).toString(16);
    }

    private static void flip(Path file, int position) throws IOException {
        byte[] bytes = Files.readAllBytes(file);
        bytes[position] ^= 4;
        Files.write(file, bytes);
    }

    private static ByteBuffer bytes(String text) {
        return ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8));
    }
}
