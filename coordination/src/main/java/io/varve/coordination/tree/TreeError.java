// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.coordination.tree;

import io.varve.coordination.AccessDeniedException;
import io.varve.coordination.BadVersionException;
import io.varve.coordination.CoordinationException;
import io.varve.coordination.NoChildrenForEphemeralsException;
import io.varve.coordination.NoNodeException;
import io.varve.coordination.NodeExistsException;
import io.varve.coordination.NotEmptyException;
import io.varve.coordination.SessionExpiredException;

/** Why an operation was refused; the names are ZooKeeper's. */
public enum TreeError {
    /** Nothing: the operation stands before the one of its multi that failed. */
    OK,
    /** The operation stands behind the one of its multi that failed. */
    RUNTIME_INCONSISTENCY,
    /** The command or a mode of it is not known. */
    UNIMPLEMENTED,
    /** A path, a time to live or the size of the data is not allowed. */
    BAD_ARGUMENTS,
    /** The node does not exist, or the parent of a node to be created. */
    NO_NODE,
    /** The identities of the connection do not permit it. */
    NO_AUTH,
    /** The version of the data or of the access list is not the expected one. */
    BAD_VERSION,
    /** An ephemeral node can have no children. */
    NO_CHILDREN_FOR_EPHEMERALS,
    /** The node to be created exists. */
    NODE_EXISTS,
    /** The node to be deleted has children. */
    NOT_EMPTY,
    /** There is no such session, or no longer. */
    SESSION_EXPIRED,
    /** An access list is empty or has an element that is not allowed. */
    INVALID_ACL,
    /** The password is not that of the session. */
    AUTH_FAILED,
    /** The session has moved to another connection. */
    SESSION_MOVED,
    /** The operation would exceed a hard quota. */
    QUOTA_EXCEEDED;

    /** The exception that tells a caller of this library. */
    public CoordinationException exception(String message) {
        return switch (this) {
            case NO_NODE -> new NoNodeException(message);
            case NODE_EXISTS -> new NodeExistsException(message);
            case BAD_VERSION -> new BadVersionException(message);
            case NOT_EMPTY -> new NotEmptyException(message);
            case NO_CHILDREN_FOR_EPHEMERALS -> new NoChildrenForEphemeralsException(message);
            case NO_AUTH, AUTH_FAILED -> new AccessDeniedException(message);
            case SESSION_EXPIRED, SESSION_MOVED -> new SessionExpiredException(message);
            default -> new CoordinationException(this + ": " + message);
        };
    }
}
