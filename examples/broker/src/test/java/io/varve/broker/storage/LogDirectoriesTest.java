// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.storage;

import static org.assertj.core.api.Assertions.assertThat;

import io.varve.kafka.UuidText;
import io.varve.replication.partition.LastEnd;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.UUID;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

class LogDirectoriesTest {

    private static final UUID TOPIC = new UUID(1, 2);

    @TempDir
    private Path directory;

    @Test
    void shouldKnowNothingOfANewDirectory() {
        assertThat(lastEnd("a")).isEqualTo(LastEnd.NONE);
    }

    @Test
    void shouldFindACleanEnd() {
        use("a");

        assertThat(lastEnd("a")).isEqualTo(LastEnd.CLEAN);
    }

    @Test
    @EnabledOnOs(OS.LINUX)
    void shouldFindThatTheProcessHasDiedInThisBoot() throws IOException {
        LogDirectories died = open("a");
        died.begin();
        letGo(died);

        assertThat(lastEnd("a")).isEqualTo(LastEnd.PROCESS_DEATH);
    }

    @Test
    void shouldNotTrustWhatAnotherBootHasWritten() throws IOException {
        use("a");
        ProcessEnd.writeRunning(directory.resolve("a"), "another");

        assertThat(lastEnd("a")).isEqualTo(LastEnd.UNKNOWN);
    }

    @Test
    void shouldNotTrustAFileThatIsNone() throws IOException {
        use("a");
        for (String text : new String[] {"", "state=", "state=running\nboot.id=\n", "\\u12"}) {
            Files.writeString(directory.resolve("a").resolve(ProcessEnd.FILE), text);
            assertThat(lastEnd("a")).as(text).isEqualTo(LastEnd.UNKNOWN);
        }
        Files.delete(directory.resolve("a").resolve(ProcessEnd.FILE));
        assertThat(lastEnd("a")).isEqualTo(LastEnd.UNKNOWN);
    }

    @Test
    void shouldStillSayWhatWasFoundUntilTheClusterKnows() throws IOException {
        use("a");
        ProcessEnd.writeRunning(directory.resolve("a"), "another");

        open("a").close(); // as a start does that fails before it has registered

        assertThat(lastEnd("a")).isEqualTo(LastEnd.UNKNOWN);
    }

    @Test
    void shouldNotEndCleanlyWhenSomethingCouldNotBeForced() {
        LogDirectories spoilt = open("a");
        spoilt.begin();
        spoilt.spoil();
        spoilt.close();

        assertThat(lastEnd("a")).isNotEqualTo(LastEnd.CLEAN);
    }

    @Test
    void shouldSayTheWorstOfSeveral() {
        use("a");

        assertThat(lastEnd("a", "b")).isEqualTo(LastEnd.NONE);
    }

    @Test
    void shouldForgetACopyThatWasNotFinished() throws IOException {
        Path other;
        try (LogDirectories opened = open("a", "b")) {
            opened.open("t", 0, TOPIC);
            other = other(opened);
            opened.openCopy("t", 0, TOPIC, other);
            assertThat(partitionsIn(other)).containsExactly("t-0-future");
        }

        open("a", "b").close();

        assertThat(partitionsIn(other)).isEmpty();
    }

    @Test
    void shouldUseOneOfTwoAfterACrashBetweenTheCopyAndTheDeletion() throws IOException {
        open("a", "b").close();
        for (String name : new String[] {"a", "b"}) {
            Path twice = Files.createDirectory(directory.resolve(name).resolve("t-0"));
            Files.writeString(
                    twice.resolve("partition.metadata"), "version: 0\ntopic_id: " + UuidText.of(TOPIC) + "\n");
        }

        try (LogDirectories opened = open("a", "b")) {
            assertThat(opened.find("t", 0)).isEqualTo(directory.resolve("a"));
        }

        assertThat(partitionsIn(directory.resolve("b")))
                .singleElement()
                .asString()
                .startsWith("t-0.")
                .endsWith("-stray");
    }

    @Test
    void shouldPutANewPartitionWhereItIsPreferred() {
        try (LogDirectories opened = open("a", "b")) {
            for (int index = 0; index < 3; index++) {
                opened.prefer("t", index, directory.resolve("b"));
                opened.open("t", index, TOPIC);
                assertThat(opened.find("t", index)).isEqualTo(directory.resolve("b"));
            }
        }
    }

    /** The one of two in which the partition is not. */
    private static Path other(LogDirectories opened) {
        return opened.all().stream()
                .filter(candidate -> !candidate.equals(opened.find("t", 0)))
                .findFirst()
                .orElseThrow();
    }

    private static List<String> partitionsIn(Path directory) throws IOException {
        try (Stream<Path> files = Files.list(directory)) {
            return files.filter(Files::isDirectory)
                    .map(file -> file.getFileName().toString())
                    .toList();
        }
    }

    private LogDirectories open(String... names) {
        LogDirectories opened = LogDirectories.open(
                Arrays.stream(names)
                        .map(name -> directory.resolve(name).toString())
                        .toList(),
                1);
        opened.join("cluster");
        return opened;
    }

    private LastEnd lastEnd(String... names) {
        try (LogDirectories opened = LogDirectories.open(
                Arrays.stream(names)
                        .map(name -> directory.resolve(name).toString())
                        .toList(),
                1)) {
            return opened.lastEnd();
        }
    }

    private void use(String... names) {
        try (LogDirectories used = open(names)) {
            used.begin();
        }
    }

    /** Takes the lock from a process that is no more. */
    private static void letGo(LogDirectories died) {
        died.spoil();
        died.close();
    }
}
