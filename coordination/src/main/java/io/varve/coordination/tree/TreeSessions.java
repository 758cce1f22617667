// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.coordination.tree;

import java.util.Collection;
import java.util.Collections;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * The sessions that are open.
 *
 * <p>Threading: confined to the machine's thread.
 */
final class TreeSessions {

    private static final int MEMBER_SHIFT = 56;
    private static final int MEMBER_MASK = 0x7f;

    private final Map<Long, TreeSession> sessions = new TreeMap<>();
    private long digest;

    /**
     * The id of a session: the member in the top byte, as operators know it from ZooKeeper, and the transaction that opened it. The top
     * bit is never set, as it marks nodes that no session owns.
     */
    static long id(int member, long zxid) {
        return (long) (member & MEMBER_MASK) << MEMBER_SHIFT | zxid;
    }

    void put(TreeSession session) {
        remove(session.id());
        sessions.put(session.id(), session);
        digest += digest(session);
    }

    void remove(long id) {
        TreeSession session = sessions.remove(id);
        if (session != null) {
            digest -= digest(session);
        }
    }

    private static long digest(TreeSession session) {
        long hash = TreeHash.mix(session.id(), session.password());
        hash = TreeHash.mix(hash, session.timeoutMs());
        return TreeHash.mix(
                TreeHash.mix(hash, session.owner().member()), session.owner().connection());
    }

    @Nullable
    TreeSession find(long id) {
        return sessions.get(id);
    }

    Collection<TreeSession> all() {
        return Collections.unmodifiableCollection(sessions.values());
    }

    long digest() {
        return digest;
    }
}
