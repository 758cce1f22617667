// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.quickstart;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.varve.log.CommitLog;
import io.varve.log.CorruptLogException;
import io.varve.log.FlushPolicy;
import io.varve.log.LogConfig;
import io.varve.log.LogListener;
import io.varve.log.LogReader;
import io.varve.log.LogSlice;
import io.varve.log.OffsetOutOfRangeException;
import io.varve.log.RecoveryReport;
import io.varve.log.RetentionPolicy;
import io.varve.log.batch.BatchBuilder;
import io.varve.log.batch.Compression;
import io.varve.log.batch.Header;
import io.varve.log.storage.MemoryStorage;
import io.varve.log.storage.OutOfSpaceException;
import io.varve.log.storage.ReadOnlyStorage;
import io.varve.log.tool.Finding;
import io.varve.log.tool.LogVerifier;
import io.varve.log.tool.Verification;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The code of docs/guide/embedding.md, where it compiles and does what the guide says. */
class EmbeddingGuideTest {

    @TempDir
    private Path directory;

    private final List<String> told = new ArrayList<>();

    @Test
    void shouldOpenWithAConfiguration() {
        LogConfig config = LogConfig.builder()
                .segmentBytes(64 << 20)
                .flushPolicy(FlushPolicy.every(Duration.ofMillis(5)))
                .retention(RetentionPolicy.keep(Duration.ofDays(7)))
                .build();
        try (CommitLog log = CommitLog.open(directory, config)) {
            assertThat(log.endOffset()).isZero();
        }
    }

    @Test
    void shouldAppendInThreeWays() {
        try (CommitLog log = open()) {
            byte[] value = bytes("hello");
            byte[] key = bytes("k");

            // One value, in a batch of its own.
            long offset = log.append(value);

            // Several records at once: one checksum, one write, all or none.
            BatchBuilder batch = new BatchBuilder().compression(Compression.GZIP);
            batch.add(key, value).add(key, null);
            batch.add(System.currentTimeMillis(), null, ByteBuffer.wrap(value), List.of(new Header("trace", null)));
            long baseOffset = log.append(batch);

            // Batches that somebody else has built, by a leader of an epoch: checked, numbered, written as they are.
            ByteBuffer batches = new BatchBuilder().add(key, value).build();
            long first = log.append(batches, 1);

            assertThat(List.of(offset, baseOffset, first, log.endOffset())).containsExactly(0L, 1L, 4L, 5L);
        }
    }

    @Test
    void shouldReadInOrderAndWait() throws InterruptedException {
        try (CommitLog log = open()) {
            log.append(bytes("a"));
            log.append(bytes("b"));
            try (LogReader reader = log.readerAt(log.startOffset())) {
                while (reader.next(Duration.ofMillis(100))) { // waits at the end; false when nothing came
                    ByteBuffer value = reader.record().value(); // a view, valid until next()
                    told.add(reader.offset() + "=" + StandardCharsets.UTF_8.decode(value));
                }
            }
        }
        assertThat(told).containsExactly("0=a", "1=b");
    }

    @Test
    void shouldReadByTimeAndByBatch() {
        try (CommitLog log = open()) {
            log.append(new BatchBuilder().add(1_000, null, ByteBuffer.wrap(bytes("old")), List.of()));
            log.append(new BatchBuilder().add(2_000, null, ByteBuffer.wrap(bytes("new")), List.of()));

            try (LogReader reader = log.readerAtTime(1_500)) {
                reader.next();
                told.add("first at or after: " + reader.offset());
            }

            // Whole batches as a range of a file, for copying them on without looking inside.
            try (LogSlice slice = log.slice(0, log.endOffset(), 1 << 20)) {
                told.add("bytes: " + (slice.read().remaining() > 0));
            }
        }
        assertThat(told).containsExactly("first at or after: 1", "bytes: true");
    }

    @Test
    void shouldWaitForDurability() throws InterruptedException {
        try (CommitLog log = open()) {
            long offset = log.append(bytes("a"));

            log.awaitDurable(offset + 1); // this thread waits, and shares the flush with others that do

            CompletableFuture<Long> durable = log.whenDurable(log.append(bytes("b")) + 1); // nobody waits
            log.flush(); // the upkeep job does this as the flush policy says

            assertThat(durable).isCompletedWithValue(2L);
            assertThat(log.flushedOffset()).isEqualTo(2);
        }
    }

    @Test
    void shouldDeleteBeforeAndTruncate() {
        try (CommitLog log = open()) {
            for (int i = 0; i < 10; i++) {
                log.append(bytes("v" + i));
            }
            log.deleteBefore(4); // the log starts at 4; whole segments below it are gone
            log.truncateTo(8); // the log ends at 8
            log.applyRetention(System.currentTimeMillis()); // now, without the upkeep job

            assertThat(log.startOffset()).isEqualTo(4);
            assertThat(log.endOffset()).isEqualTo(8);
            assertThatExceptionOfType(OffsetOutOfRangeException.class).isThrownBy(() -> log.readerAt(3));
        }
    }

    @Test
    void shouldTellWhatRecoveryFound() {
        LogListener listener = new LogListener() {
            @Override
            public void onRecovery(RecoveryReport report) {
                if (!report.wasClean() || !report.damaged().isEmpty()) {
                    told.add("recovered: " + report);
                }
            }

            @Override
            public void onRoll(long baseOffset) {
                told.add("rolled at " + baseOffset);
            }
        };
        LogConfig config =
                LogConfig.builder().segmentBytes(100).listener(listener).build();
        try (CommitLog log = CommitLog.open(directory, config)) {
            log.append(bytes("a"));
            log.append(bytes("b"));
        }
        assertThat(told).containsExactly("rolled at 1");
    }

    @Test
    void shouldGoOnWhenThereIsRoomAgain() {
        MemoryStorage disk = new MemoryStorage();
        LogConfig config = LogConfig.builder().segmentBytes(1000).build();
        try (CommitLog log = CommitLog.open(disk, config)) {
            disk.capacityBytes(20_000);
            byte[] value = new byte[900];
            for (int i = 0; i < 100; i++) {
                try {
                    log.append(value);
                } catch (OutOfSpaceException e) { // nothing was appended, and the log is not failed
                    log.deleteBefore(log.endOffset() - 2); // works on a full disk: a reserve is kept for it
                    log.append(value);
                    told.add("went on");
                }
            }
            assertThat(log.isFailed()).isFalse();
            assertThat(log.endOffset()).isEqualTo(100);
            assertThat(told).contains("went on");
        }
    }

    @Test
    void shouldVerify() {
        open().close();
        List<Finding> findings = new ArrayList<>();

        Verification result = LogVerifier.verify(ReadOnlyStorage.open(directory), Set.of(), findings::add);
        if (!result.isSound()) {
            throw new CorruptLogException(
                    findings.get(0).file(),
                    findings.get(0).position(),
                    findings.get(0).detail());
        }

        assertThat(findings).isEmpty();
    }

    /** Every block of Java in the guide stands, line by line, in a source that is compiled and run here. */
    @Test
    void shouldCompileAllCodeOfTheGuide() throws IOException {
        String guide = Files.readString(Path.of("../../docs/guide/embedding.md"));
        List<String> sources = new ArrayList<>();
        try (Stream<Path> files = Files.walk(Path.of("src"))) {
            for (Path file :
                    files.filter(path -> path.toString().endsWith(".java")).toList()) {
                sources.add(unindented(Files.readString(file)));
            }
        }
        Matcher blocks = Pattern.compile("```java\n(.*?)```", Pattern.DOTALL).matcher(guide);
        int count = 0;
        while (blocks.find()) {
            String block = unindented(blocks.group(1));
            assertThat(sources).as("a source with this block:\n%s", block).anyMatch(source -> source.contains(block));
            count++;
        }
        assertThat(count).isGreaterThanOrEqualTo(10);
    }

    private static String unindented(String text) {
        return String.join("\n", text.lines().map(String::strip).toList());
    }

    private CommitLog open() {
        return CommitLog.open(directory, LogConfig.defaults());
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}
