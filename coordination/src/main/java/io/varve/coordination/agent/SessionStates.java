// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.coordination.agent;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import java.util.ArrayList;
import java.util.List;

/**
 * The state of a session, and who is told of it: each listener hears every state once, in their order.
 *
 * <p>Threading: safe.
 */
final class SessionStates {

    private final SerialCalls calls = new SerialCalls();

    @GuardedBy("this")
    private final List<SessionListener> listeners = new ArrayList<>();

    @GuardedBy("this")
    private SessionListener.State state;

    SessionStates(SessionListener.State state) {
        this.state = state;
    }

    synchronized boolean isLost() {
        return state == SessionListener.State.LOST;
    }

    /** Adds a listener and tells it the present state; the result removes it. */
    AutoCloseable add(SessionListener listener) {
        synchronized (this) {
            listeners.add(listener);
            tell(listener, state);
        }
        calls.run();
        return () -> remove(listener);
    }

    private synchronized void remove(SessionListener listener) {
        listeners.remove(listener);
    }

    /** Goes to another state; nothing happens when it is the same or the session is lost. */
    void move(SessionListener.State next) {
        synchronized (this) {
            if (state == next || state == SessionListener.State.LOST) {
                return;
            }
            state = next;
            for (SessionListener listener : listeners) {
                tell(listener, next);
            }
        }
        calls.run();
    }

    private void tell(SessionListener listener, SessionListener.State told) {
        calls.add(() -> listener.onState(told));
    }
}
