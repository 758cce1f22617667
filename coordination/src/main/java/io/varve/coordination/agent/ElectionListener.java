// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.coordination.agent;

import io.varve.coordination.CoordinationException;

/** Is told how a candidate of an {@link Election} fares. Called on the coordinator's thread, so it must not block. */
public interface ElectionListener {

    /**
     * This candidate leads from now on.
     *
     * @param fence larger than that of every leader before, except that it is the same when this candidate led before and nobody else
     *     since. Whatever the leader writes to can remember the largest fence it has seen and refuse smaller ones.
     */
    void onElected(long fence);

    /**
     * This candidate no longer leads, or does not know any more whether it does: its session was suspended, lost or closed. When the
     * session resumes it may be elected again.
     */
    void onDeposed();

    /**
     * This candidate has left for good, without {@link Election#close()} having been called.
     *
     * @param reason why: the session has ended, or the parent node does not exist
     */
    void onFailed(CoordinationException reason);
}
