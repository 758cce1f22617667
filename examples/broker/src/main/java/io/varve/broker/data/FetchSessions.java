// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.data;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.ThreadLocalRandom;
import org.jspecify.annotations.Nullable;

/**
 * The fetch sessions of a broker (KIP-227), as many as are allowed; a new one takes the place of the one that was used least recently.
 *
 * <p>Threading: safe.
 */
final class FetchSessions {

    private final int most;

    @GuardedBy("this")
    private final LinkedHashMap<Integer, FetchSession> byId = new LinkedHashMap<>(16, 0.75f, true);

    FetchSessions(int most) {
        this.most = most;
    }

    /** A new session, null when none are allowed. */
    synchronized @Nullable FetchSession create() {
        if (most == 0) {
            return null;
        }
        if (byId.size() >= most) {
            Map.Entry<Integer, FetchSession> oldest = byId.entrySet().iterator().next();
            byId.remove(oldest.getKey());
        }
        int id;
        do {
            id = ThreadLocalRandom.current().nextInt(1, Integer.MAX_VALUE);
        } while (byId.containsKey(id));
        FetchSession session = new FetchSession(id);
        byId.put(id, session);
        return session;
    }

    /** A session, null when there is none with this id any more. */
    synchronized @Nullable FetchSession find(int id) {
        return byId.get(id);
    }

    synchronized void remove(int id) {
        byId.remove(id);
    }

    synchronized int size() {
        return byId.size();
    }
}
