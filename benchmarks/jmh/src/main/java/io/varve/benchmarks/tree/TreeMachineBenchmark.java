// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.benchmarks.tree;

import io.varve.coordination.tree.CreateMode;
import io.varve.coordination.tree.Node;
import io.varve.coordination.tree.SessionOwner;
import io.varve.coordination.tree.SnapshotJob;
import io.varve.coordination.tree.TreeCommand;
import io.varve.coordination.tree.TreeMachine;
import io.varve.coordination.tree.TreeOp;
import io.varve.coordination.tree.TreeResult;
import io.varve.coordination.tree.TreeTransaction;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/**
 * Average time of a command on a tree of many nodes, a thousand to a parent, with 100 bytes each.
 *
 * <pre>java -jar benchmarks/jmh/target/benchmarks.jar TreeMachineBenchmark -prof gc -p nodes=1000000</pre>
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(1)
@Warmup(iterations = 3, time = 2)
@Measurement(iterations = 3, time = 2)
public class TreeMachineBenchmark {

    private static final int PER_PARENT = 1000;
    private static final SessionOwner OWNER = new SessionOwner(1, 1);

    /** Nodes in the tree. */
    @Param({"1000", "1000000"})
    public int nodes;

    private final TreeMachine machine = new TreeMachine(1);
    private final byte[] data = new byte[100];
    private long session;
    private long zxid;
    private int next;

    /** Makes the nodes. */
    @Setup
    public void fill() {
        TreeCommand open = new TreeCommand.OpenSession(OWNER, 10_000, new byte[16]);
        session = ((TreeResult.Opened) machine.apply(++zxid, 0, open).result()).sessionId();
        for (int i = 0; i < nodes; i++) {
            if (i % PER_PARENT == 0) {
                update(new TreeOp.Create("/parent-" + i / PER_PARENT, data, CreateMode.PERSISTENT));
            }
            update(new TreeOp.Create(path(i), data.clone(), CreateMode.PERSISTENT));
        }
    }

    private static String path(int node) {
        return "/parent-" + node / PER_PARENT + "/node-" + node % PER_PARENT;
    }

    private TreeTransaction update(TreeOp operation) {
        return machine.apply(++zxid, zxid, new TreeCommand.Update(session, OWNER, List.of(), operation));
    }

    /** Some node, far from the one before. */
    private String path() {
        next = (int) ((next + 7_368_787L) % nodes);
        return path(next);
    }

    /** Sets the data of a node. */
    @Benchmark
    public TreeTransaction set() {
        return update(new TreeOp.Set(path(), data, -1));
    }

    /** Creates a node and deletes it. */
    @Benchmark
    public TreeTransaction createAndDelete() {
        String path = path() + "x";
        update(new TreeOp.Create(path, data, CreateMode.PERSISTENT));
        return update(new TreeOp.Delete(path, -1));
    }

    /** Creates a node and deletes it in one multi, which could be undone. */
    @Benchmark
    public TreeTransaction multi() {
        String path = path() + "x";
        List<TreeOp> operations =
                List.of(new TreeOp.Create(path, data, CreateMode.PERSISTENT), new TreeOp.Delete(path, -1));
        return machine.apply(++zxid, zxid, new TreeCommand.Multi(session, OWNER, List.of(), operations));
    }

    /** Reads a node. */
    @Benchmark
    public @Nullable Node get() {
        return machine.get(path());
    }

    /** How long commands wait when a snapshot begins. */
    @Benchmark
    public SnapshotJob beginSnapshot() {
        SnapshotJob job = machine.beginSnapshot(bytes -> {});
        job.abort();
        return job;
    }
}
