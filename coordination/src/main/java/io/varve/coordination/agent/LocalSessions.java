// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.coordination.agent;

import io.varve.coordination.QuorumLostException;
import io.varve.coordination.tree.SessionOwner;
import io.varve.coordination.tree.Submission;
import io.varve.coordination.tree.TreeCommand;
import io.varve.coordination.tree.TreeReplica;
import io.varve.coordination.tree.TreeResult;
import io.varve.coordination.tree.TreeSession;
import io.varve.coordination.tree.TreeTransaction;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;

/**
 * The sessions of this process on the member in it. They live as long as the member's thread does: it gives a sign of life for each.
 *
 * <p>Threading: confined to the member's thread.
 */
final class LocalSessions {

    private final MemberThread thread;
    private final TreeReplica replica;
    private final SecureRandom random;
    private final long beatNs;
    private final Map<Long, LocalSession> sessions = new LinkedHashMap<>();

    /** Of the next session; negative and descending, while those of clients are positive and ascending. */
    private long nextConnection;

    private long beatAtNs;
    private boolean closed;

    /**
     * No sessions.
     *
     * @param random draws passwords, and where the numbers of connections begin: sessions remember their connections, and those of an
     *     earlier run must not look like those of this one
     * @param beat time between two signs of life
     */
    LocalSessions(MemberThread thread, TreeReplica replica, SecureRandom random, Duration beat) {
        this.thread = thread;
        this.replica = replica;
        this.random = random;
        this.beatNs = beat.toNanos();
        this.nextConnection = -(random.nextLong() >>> 2) - 1;
    }

    /** Opens a session as soon as there is a quorum. */
    void open(int timeoutMs, CompletableFuture<? super LocalSession> opened) {
        SessionOwner owner = new SessionOwner(replica.memberId(), nextConnection--);
        byte[] password = new byte[TreeSession.PASSWORD_BYTES];
        random.nextBytes(password);
        replica.submit(new TreeCommand.OpenSession(owner, timeoutMs, password), new Submission() {
            @Override
            public void applied(TreeTransaction transaction) {
                TreeResult.Opened session = (TreeResult.Opened) transaction.result();
                LocalSession result = new LocalSession(thread, replica, owner, session.sessionId());
                sessions.put(session.sessionId(), result);
                if (!opened.complete(result)) {
                    result.close(); // nobody waits any more
                }
            }

            @Override
            public void lost(String reason) {
                if (closed) {
                    opened.completeExceptionally(new QuorumLostException(reason));
                } else if (!opened.isDone()) {
                    open(timeoutMs, opened);
                }
            }
        });
    }

    /** Gives the signs of life that are due. */
    void doWork(long nowNs) {
        if (nowNs >= beatAtNs) {
            beatAtNs = nowNs + beatNs;
            sessions.keySet().forEach(replica::heard);
        }
    }

    long nextDeadlineNs() {
        return sessions.isEmpty() ? Long.MAX_VALUE : beatAtNs;
    }

    /** The member serves its clients, or does so no more for the time being. */
    void onServing(boolean serving) {
        if (serving) {
            endEarlier();
        }
        List.copyOf(sessions.values()).forEach(session -> session.onServing(serving));
    }

    /** Sessions of an earlier run of this process are known to be dead: nobody needs to wait for their time to be up. */
    private void endEarlier() {
        for (TreeSession session : replica.tree().sessions()) {
            boolean wasHere = session.owner().member() == replica.memberId()
                    && session.owner().isOfProcess();
            if (wasHere && !sessions.containsKey(session.id())) {
                replica.submit(new TreeCommand.CloseSession(session.id(), true), Submission.UNATTENDED);
            }
        }
    }

    /** A session has ended. */
    void ended(long sessionId) {
        LocalSession session = sessions.remove(sessionId);
        if (session != null) {
            session.lost();
        }
    }

    /** The tree was replaced by a later one. */
    void onRestored() {
        for (LocalSession session : List.copyOf(sessions.values())) {
            if (replica.tree().session(session.sessionId()) == null) {
                ended(session.sessionId());
            } else {
                session.onMissed();
            }
        }
    }

    /** Ends the sessions in good order. */
    void end() {
        List.copyOf(sessions.values()).forEach(LocalSession::close);
    }

    /** The member stops: no session can do anything any more. */
    void lose() {
        closed = true;
        List.copyOf(sessions.values()).forEach(LocalSession::lost);
        sessions.clear();
    }
}
