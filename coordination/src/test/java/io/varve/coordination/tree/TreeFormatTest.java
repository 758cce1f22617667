// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.coordination.tree;

import static io.varve.coordination.tree.TreeFixture.bytes;
import static io.varve.coordination.tree.TreeFixture.create;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

class TreeFormatTest {

    private static final SessionOwner OWNER = new SessionOwner(3, 4);
    private static final List<Identity> WHO = List.of(new Identity("ip", "::1"));

    /** A command of each kind and an operation of each kind, and the name of its bytes in the file, which later versions must read. */
    private static Map<TreeCommand, String> golden() {
        Map<TreeCommand, String> golden = new LinkedHashMap<>();
        golden.put(new TreeCommand.OpenSession(OWNER, 5, TreeFixture.PASSWORD), "OPEN");
        golden.put(new TreeCommand.AttachSession(6, TreeFixture.PASSWORD, 5, OWNER), "ATTACH");
        golden.put(new TreeCommand.CloseSession(6, true), "CLOSE");
        golden.put(update(new TreeOp.Create("/\u00e4", bytes("d"), Acl.READ_ONLY, CreateMode.CONTAINER, 9)), "CREATE");
        golden.put(update(new TreeOp.Set("/a", TreeOp.NO_DATA, -1)), "SET");
        golden.put(update(new TreeOp.Delete("/a", 2)), "DELETE");
        golden.put(update(new TreeOp.SetAcl("/a", List.of(new Acl(1, "digest", "u:h")), 3)), "SET_ACL");
        golden.put(
                new TreeCommand.Multi(
                        6, OWNER, List.of(), List.of(new TreeOp.Check("/a", 1), new TreeOp.Delete("/b", -1))),
                "MULTI");
        golden.put(new TreeCommand.Reap(List.of("/a", "/b")), "REAP");
        golden.put(new TreeCommand.SetConfig(bytes("cfg")), "CONFIG");
        golden.put(new TreeCommand.SetLimits(new TreeLimits(16, true)), "LIMITS");
        return golden;
    }

    private static String file(String name) {
        try (InputStream in = TreeFormatTest.class.getResourceAsStream("/format/tree-2.txt")) {
            return new String(in.readAllBytes(), StandardCharsets.US_ASCII)
                    .lines()
                    .filter(line -> line.startsWith(name + " "))
                    .findFirst()
                    .orElseThrow()
                    .substring(name.length() + 1);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static TreeCommand update(TreeOp operation) {
        return new TreeCommand.Update(6, OWNER, WHO, operation);
    }

    @Test
    void shouldWriteAndReadTheGoldenBytes() {
        golden().forEach((command, name) -> {
            byte[] written = TreeFormat.encode(new TreeEntry(1, command));
            assertThat(HexFormat.of().formatHex(written)).as("%s", command).isEqualTo(file(name));
            TreeEntry read = TreeFormat.decode(ByteBuffer.wrap(written));
            assertThat(read.timeMs()).isEqualTo(1);
            assertThat(read.command()).usingRecursiveComparison().isEqualTo(command);
            assertThat(TreeFormat.encode(read)).isEqualTo(written);
        });
    }

    @Test
    void shouldWriteAndReadTheGoldenSnapshot() {
        TreeFixture tree = new TreeFixture();
        tree.run(new TreeOp.Create("/a", TreeOp.NO_DATA, CreateMode.EPHEMERAL));

        byte[] snapshot = TreeFixture.snapshot(tree.machine);

        assertThat(HexFormat.of().formatHex(snapshot)).isEqualTo(file("SNAPSHOT"));
        assertThat(TreeFixture.lines(TreeFixture.restore(snapshot, 5))).isEqualTo(TreeFixture.lines(tree.machine));
    }

    @Test
    void shouldTellNoDataFromEmptyData() {
        TreeFixture tree = new TreeFixture();
        tree.run(new TreeOp.Create("/none", TreeOp.NO_DATA, CreateMode.PERSISTENT));
        tree.run(new TreeOp.Create("/empty", new byte[0], CreateMode.PERSISTENT));
        TreeMachine restored = TreeFixture.restore(TreeFixture.snapshot(tree.machine), 5);

        assertThat(restored.get("/none").data()).isSameAs(TreeOp.NO_DATA);
        assertThat(restored.get("/empty").data()).isNotSameAs(TreeOp.NO_DATA);
        assertThat(restored.get("/empty").data()).isEmpty();
    }

    @Test
    void shouldStampAnotherTime() {
        byte[] entry = TreeFormat.encode(new TreeEntry(1, new TreeCommand.CloseSession(2, false)));
        TreeFormat.stamp(ByteBuffer.wrap(entry), 99);

        assertThat(TreeFormat.decode(ByteBuffer.wrap(entry)))
                .isEqualTo(new TreeEntry(99, new TreeCommand.CloseSession(2, false)));
    }

    @Test
    void shouldRefuseTextThatWouldComeBackAsAnother() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> TreeFormat.encode(new TreeEntry(1, update(create("/\uD800")))));
    }

    @Test
    void shouldMakeNothingButCommandsOfAnyBytes() {
        List<byte[]> entries = golden().keySet().stream()
                .map(command -> TreeFormat.encode(new TreeEntry(1, command)))
                .toList();
        Random random = new Random(1);
        for (int i = 0; i < 100_000; i++) {
            byte[] damaged = damaged(entries.get(random.nextInt(entries.size())), random);
            try {
                TreeEntry entry = TreeFormat.decode(ByteBuffer.wrap(damaged));
                assertThat(TreeFormat.encode(entry)).isEqualTo(damaged);
                new TreeFixture().apply(entry.command());
            } catch (FormatException e) {
                assertThat(e.getMessage()).isNotEmpty();
            }
        }
    }

    private static byte[] damaged(byte[] bytes, Random random) {
        byte[] damaged = bytes.clone();
        for (int flips = random.nextInt(3); flips >= 0; flips--) {
            damaged[random.nextInt(damaged.length)] =
                    (byte) (random.nextBoolean() ? random.nextInt() : random.nextInt(4));
        }
        return random.nextInt(4) == 0 ? Arrays.copyOf(damaged, random.nextInt(damaged.length + 8)) : damaged;
    }

    @Test
    void shouldRefuseADamagedSnapshot() {
        TreeFixture tree = new TreeFixture();
        for (int i = 0; i < 100; i++) {
            tree.run(create("/n" + i));
        }
        byte[] snapshot = TreeFixture.snapshot(tree.machine);
        Random random = new Random(2);
        for (int i = 0; i < 3_000; i++) {
            byte[] damaged = damaged(snapshot, random);
            if (!Arrays.equals(damaged, snapshot)) {
                assertThatExceptionOfType(FormatException.class)
                        .as("round %d", i)
                        .isThrownBy(() -> {
                            SnapshotReader reader = new SnapshotReader(1);
                            reader.accept(ByteBuffer.wrap(damaged));
                            reader.machine();
                        });
            }
        }
    }

    @Test
    void shouldRefuseToBeginASecondSnapshotAndBearASinkThatFails() {
        TreeMachine machine = new TreeMachine();
        SnapshotJob job = machine.beginSnapshot(bytes -> {
            throw new IllegalStateException("disk full");
        });
        assertThatIllegalStateException().isThrownBy(() -> machine.beginSnapshot(bytes -> {}));
        assertThatIllegalStateException().isThrownBy(() -> job.doWork(100)).withMessage("disk full");
        assertThat(job.isDone()).isTrue();
        assertThat(job.doWork(1)).isFalse();
        assertThat(TreeFixture.restore(TreeFixture.snapshot(machine), 1).digest())
                .isEqualTo(machine.digest());
    }
}
