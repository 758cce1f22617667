// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.coordination.agent;

import io.varve.coordination.tree.CreateMode;
import io.varve.coordination.tree.Node;
import io.varve.coordination.tree.NodeStat;
import io.varve.coordination.tree.TreeOp;
import io.varve.coordination.tree.TreeResult;
import java.util.List;
import java.util.concurrent.CompletionStage;

/**
 * A session on the tree of nodes that holds a cluster's state.
 *
 * <p>Paths, versions and their errors are ZooKeeper's. Operations of one session take effect in the order of the calls. A stage
 * completes when the operation is committed and visible to reads of this session, or exceptionally with a
 * {@link io.varve.coordination.CoordinationException}; it completes on the coordinator's own thread, so a continuation must not
 * block. A watch event is delivered before any later read of this session can see the change's successors.
 *
 * <p>Threading: safe.
 */
public interface Coordinator extends AutoCloseable {

    /** Matches any version in {@link #set} and {@link #delete}. */
    int ANY_VERSION = -1;

    /**
     * Creates a node.
     *
     * @param path absolute path; its parent must exist. Sequential modes append ten digits to it.
     * @param data the node's bytes; copied. Every implementation takes 1,000,000, none more than 1,048,575; too many make the stage fail
     *     with IllegalArgumentException.
     * @return the path that was created
     */
    CompletionStage<String> create(String path, byte[] data, CreateMode mode);

    /**
     * Replaces a node's data when its version is {@code expectedVersion} or that is {@link #ANY_VERSION}.
     *
     * @param data the node's bytes; copied
     */
    CompletionStage<NodeStat> set(String path, byte[] data, int expectedVersion);

    /** Deletes a node without children when its version is {@code expectedVersion} or that is {@link #ANY_VERSION}. */
    CompletionStage<Void> delete(String path, int expectedVersion);

    /** Reads a node's data and stat; fails with NoNodeException when there is none. */
    CompletionStage<Node> get(String path);

    /** The names of a node's children, sorted; fails with NoNodeException when the node does not exist. */
    CompletionStage<List<String>> children(String path);

    /**
     * Applies all operations or none.
     *
     * @param operations the operations; their data is handed over and must not change any more
     * @return one result per operation, in order
     * @throws io.varve.coordination.CoordinationException through the stage: the error of the first operation that failed
     */
    CompletionStage<List<TreeResult>> multi(List<TreeOp> operations);

    /**
     * Watches a node and everything below it until the session ends or the watch is closed. Where the session can be without a server
     * for a while, the listener is told {@link TreeListener.Change#MISSED} afterwards and the watch goes on.
     *
     * @param path the root of the watched subtree; need not exist
     * @param listener called on the coordinator's thread, in the order of the changes
     * @return removes the watch when closed, which does not fail
     */
    CompletionStage<AutoCloseable> watch(String path, TreeListener listener);

    /** The id under which the session's ephemeral nodes are owned. */
    long sessionId();

    /**
     * Calls {@code listener} when the session is suspended, resumed or lost; at once with the present state.
     *
     * @return stops the calls when closed, which does not fail
     */
    AutoCloseable onSessionState(SessionListener listener);

    /** Ends the session: its ephemeral nodes disappear. Idempotent. */
    @Override
    void close();
}
