// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.coordination.tree;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/** A machine with a session, numbers that count up, and a clock of 1000 ms per transaction. */
final class TreeFixture {

    static final List<Identity> NOBODY = List.of();
    static final byte[] PASSWORD = "0123456789abcdef".getBytes(StandardCharsets.UTF_8);

    final TreeMachine machine;
    final SessionOwner owner = new SessionOwner(1, 7);
    final long session;
    TreeTransaction last;

    TreeFixture() {
        this(new TreeMachine(42));
    }

    TreeFixture(TreeMachine machine) {
        this.machine = machine;
        this.session = open(owner);
    }

    /** Applies a command; one that is refused must leave no trace. */
    TreeResult apply(TreeCommand command) {
        long zxid = machine.lastZxid() + 1;
        long digest = machine.digest();
        last = machine.apply(zxid, zxid * 1000, command);
        if (isRefused(last.result())) {
            assertThat(last.changes()).isEmpty();
            assertThat(machine.digest()).isEqualTo(digest);
        }
        return last.result();
    }

    private static boolean isRefused(TreeResult result) {
        return result instanceof TreeResult.Failed
                || (result instanceof TreeResult.Multi multi
                        && multi.results().stream().anyMatch(TreeResult.Failed.class::isInstance));
    }

    long open(SessionOwner by) {
        return ((TreeResult.Opened) apply(new TreeCommand.OpenSession(by, 10_000, PASSWORD))).sessionId();
    }

    TreeResult run(TreeOp operation) {
        return run(NOBODY, operation);
    }

    TreeResult run(List<Identity> who, TreeOp operation) {
        return apply(new TreeCommand.Update(session, owner, who, operation));
    }

    List<TreeResult> multi(TreeOp... operations) {
        return ((TreeResult.Multi) apply(new TreeCommand.Multi(session, owner, NOBODY, List.of(operations)))).results();
    }

    TreeResult.Created created(TreeOp operation) {
        TreeResult result = run(operation);
        assertThat(result).isInstanceOf(TreeResult.Created.class);
        return (TreeResult.Created) result;
    }

    void refused(TreeError error, TreeOp operation) {
        refused(error, NOBODY, operation);
    }

    void refused(TreeError error, List<Identity> who, TreeOp operation) {
        assertThat(error(run(who, operation))).as("%s", operation).isEqualTo(error);
    }

    static TreeError error(TreeResult result) {
        assertThat(result).isInstanceOf(TreeResult.Failed.class);
        return ((TreeResult.Failed) result).error();
    }

    static TreeOp.Create create(String path) {
        return create(path, CreateMode.PERSISTENT);
    }

    static TreeOp.Create create(String path, CreateMode mode) {
        return new TreeOp.Create(path, bytes(""), mode);
    }

    static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    String text(String path) {
        return new String(machine.get(path).data(), StandardCharsets.UTF_8);
    }

    /** The bytes of a snapshot of a machine as it is. */
    static byte[] snapshot(TreeMachine machine) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        SnapshotJob job = machine.beginSnapshot(sinkTo(bytes));
        while (job.doWork(3)) {
            assertThat(job.isDone()).isFalse();
        }
        assertThat(job.isDone()).isTrue();
        return bytes.toByteArray();
    }

    static SnapshotSink sinkTo(ByteArrayOutputStream bytes) {
        return buffer -> {
            byte[] chunk = new byte[buffer.remaining()];
            buffer.get(chunk);
            bytes.writeBytes(chunk);
        };
    }

    static TreeMachine restore(byte[] snapshot, long hashSeed) {
        SnapshotReader reader = new SnapshotReader(hashSeed);
        for (int at = 0; at < snapshot.length; at += 7) {
            reader.accept(ByteBuffer.wrap(snapshot, at, Math.min(7, snapshot.length - at)));
        }
        return reader.machine();
    }

    /** All that can be seen of a tree, a line for each node and session. */
    static List<String> lines(TreeMachine machine) {
        List<String> lines = new ArrayList<>();
        machine.sessions()
                .forEach(session -> lines.add(session.id() + " " + session.timeoutMs() + " " + session.owner()));
        addLines(machine, "/", lines);
        return lines;
    }

    private static void addLines(TreeMachine machine, String path, List<String> lines) {
        Node node = machine.get(path);
        String data = node.data() == TreeOp.NO_DATA ? "none" : new String(node.data(), StandardCharsets.UTF_8);
        lines.add(path + " " + data + " " + node.stat() + " " + machine.acl(path));
        for (String child : machine.children(path).stream().sorted().toList()) {
            addLines(machine, (path.equals("/") ? "" : path) + "/" + child, lines);
        }
    }
}
