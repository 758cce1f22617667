// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DemoCheckTest {

    private @TempDir Path directory;

    @Test
    void shouldCutAFileIntoLines() throws IOException {
        assertLines("");
        assertLines("a", "a");
        assertLines("a\n", "a");
        assertLines("\n", "");
        assertLines("a\n\nb\r\nc", "a", "", "b\r", "c");
        assertLines("\n\n", "", "");
    }

    private void assertLines(String text, String... lines) throws IOException {
        final DemoInput input = input(text);

        assertThat(input.lines()).as(text).isEqualTo(lines.length);
        long sizeBytes = 0;
        for (int i = 0; i < lines.length; i++) {
            assertThat(input.line(i)).isEqualTo(bytes(lines[i]));
            assertThat(input.isLine(i, bytes(lines[i]))).isTrue();
            assertThat(input.isLine(i, bytes(lines[i] + "x"))).isFalse();
            sizeBytes += lines[i].length();
        }
        assertThat(input.sizeBytes()).as(text).isEqualTo(sizeBytes);
    }

    @Test
    void shouldKnowTheLongestLine() throws IOException {
        assertThat(input("a\nbcd\nef").longestBytes()).isEqualTo(3);
        assertThat(input("a\nbcdef").longestBytes()).isEqualTo(5);
        assertThatThrownBy(() -> input("x".repeat(DemoInput.MAX_LINE_BYTES + 1)))
                .isInstanceOf(CommandFailure.class)
                .hasMessageContaining("line too long");
    }

    @Test
    void shouldAcceptEveryLineInOrder() throws IOException {
        final DemoCheck check = new DemoCheck(input("a\nb\nc\nd\n"), 3);

        assertThat(check.accept(record(1, 0, "b"))).isEqualTo(1);
        assertThat(check.accept(record(0, 0, "a"))).isEqualTo(0);
        assertThat(check.accept(record(0, 1, "d"))).isEqualTo(3);
        assertThat(check.isDone()).isFalse();
        assertThat(check.accept(record(0, 1, "d"))).as("delivered again").isEqualTo(-1);
        assertThat(check.accept(record(2, 0, "c"))).isEqualTo(2);

        assertThat(check.isDone()).isTrue();
        assertThat(check.difference()).isNull();
        assertThat(check.count(0)).isEqualTo(2);
    }

    @Test
    void shouldNoticeAChangedALostAndASurplusRecord() throws IOException {
        final DemoInput input = input("a\nb\nc\nd\n");
        final DemoCheck changed = new DemoCheck(input, 3);
        final DemoCheck lost = new DemoCheck(input, 3);
        final DemoCheck surplus = new DemoCheck(input, 3);

        changed.accept(record(0, 0, "A"));
        lost.accept(record(0, 1, "d"));
        surplus.accept(record(1, 0, "b"));
        surplus.accept(record(1, 1, "b"));

        assertThat(changed.difference()).isEqualTo("line 1 came back changed, partition=0, offset=0");
        assertThat(lost.difference()).isEqualTo("partition 0 goes on at offset 1, expected 0");
        assertThat(surplus.difference()).isEqualTo("partition 1 goes on at offset 1, expected 1");
        assertThat(surplus.isDone()).isTrue();
    }

    private DemoInput input(String text) throws IOException {
        return DemoInput.of(Files.write(directory.resolve("input"), bytes(text)));
    }

    private static ConsumerRecord<byte[], byte[]> record(int partition, long offset, String value) {
        return new ConsumerRecord<>("demo", partition, offset, null, bytes(value));
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}
