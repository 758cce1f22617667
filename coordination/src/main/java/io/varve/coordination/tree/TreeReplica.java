// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.coordination.tree;

import java.util.function.Consumer;

/**
 * One member's copy of the tree and the way to change it.
 *
 * <p>Threading: confined to the member's thread; what is handed in is called on it.
 */
public interface TreeReplica {

    /** Puts a command into the quorum's log. Commands of one caller are applied in the order of the calls. */
    void submit(TreeCommand command, Submission submission);

    /**
     * Asks the leader how far the log is committed and waits until this member has applied as much: reads that begin when
     * {@code caughtUp} is called see all that was committed before this call.
     *
     * @param caughtUp called behind the watches of what was waited for
     * @param lost called with the reason when there is no leader to ask
     */
    void sync(Runnable caughtUp, Consumer<String> lost);

    /** The client of a session has given a sign of life. */
    void heard(long sessionId);

    /** The tree as far as this member has applied it. */
    TreeMachine tree();

    /** The watches of this member's connections. */
    WatchTable watches();

    /** The id of this member. */
    int memberId();

    /** Whether this member is in touch with a quorum and may answer clients. */
    boolean isServing();

    /** What an operator wants to know of this member. */
    MemberStatus status();
}
