// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.coordination.tree;

import java.util.List;

/**
 * What is asked of the tree and its sessions; an entry of the quorum's log. What comes of it is a function of the state before, the
 * command, its number and its time alone.
 *
 * <p>Threading: immutable, as long as nobody touches the bytes.
 */
@SuppressWarnings("ArrayRecordComponent") // handed over, never compared
public sealed interface TreeCommand {

    /**
     * Opens a session.
     *
     * @param owner the connection that asks
     * @param timeoutMs how long the session lives without a sign of life, in milliseconds; negotiated before
     * @param password {@link TreeSession#PASSWORD_BYTES} random bytes; who presents them may attach to the session
     */
    record OpenSession(SessionOwner owner, int timeoutMs, byte[] password) implements TreeCommand {

        public OpenSession {
            if (password.length != TreeSession.PASSWORD_BYTES) {
                throw new IllegalArgumentException("password of wrong length: bytes=" + password.length + ", needed="
                        + TreeSession.PASSWORD_BYTES);
            }
        }
    }

    /** Makes another connection the owner of a session. */
    record AttachSession(long sessionId, byte[] password, int timeoutMs, SessionOwner owner) implements TreeCommand {}

    /**
     * Ends a session: its ephemeral nodes go. Does nothing when there is no such session.
     *
     * @param expired whether its time was up; false when its client closed it
     */
    record CloseSession(long sessionId, boolean expired) implements TreeCommand {}

    /**
     * Carries out one operation.
     *
     * @param sessionId the session that asks; it owns an ephemeral node that is created
     * @param owner the connection that asks; refused with SESSION_MOVED when the session has another
     * @param identities who asks
     */
    record Update(long sessionId, SessionOwner owner, List<Identity> identities, TreeOp operation)
            implements TreeCommand {

        public Update {
            identities = List.copyOf(identities);
        }
    }

    /** Carries out all operations or none; otherwise as {@link Update}. */
    record Multi(long sessionId, SessionOwner owner, List<Identity> identities, List<TreeOp> operations)
            implements TreeCommand {

        public Multi {
            identities = List.copyOf(identities);
            operations = List.copyOf(operations);
        }
    }

    /**
     * Deletes containers that are empty and nodes whose time to live has ended; those of the paths that are neither when their turn
     * comes stay.
     */
    record Reap(List<String> paths) implements TreeCommand {

        public Reap {
            paths = List.copyOf(paths);
        }
    }

    /** Sets the data of {@value TreePaths#CONFIG}: the quorum's members. */
    record SetConfig(byte[] data) implements TreeCommand {}

    /** Sets the limits of the tree, so that all members hold to the same ones. */
    record SetLimits(TreeLimits limits) implements TreeCommand {}
}
