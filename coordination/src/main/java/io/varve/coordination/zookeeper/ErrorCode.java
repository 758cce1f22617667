// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.coordination.zookeeper;

import io.varve.coordination.tree.TreeError;
import java.util.EnumMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** ZooKeeper's error codes, those that a server sends; the only place that knows how the tree's errors translate. */
enum ErrorCode {
    OK(0, TreeError.OK),
    RUNTIME_INCONSISTENCY(-2, TreeError.RUNTIME_INCONSISTENCY),
    MARSHALLING_ERROR(-5, null),
    UNIMPLEMENTED(-6, TreeError.UNIMPLEMENTED),
    BAD_ARGUMENTS(-8, TreeError.BAD_ARGUMENTS),
    NEW_CONFIG_NO_QUORUM(-13, null),
    RECONFIG_IN_PROGRESS(-14, null),
    NO_NODE(-101, TreeError.NO_NODE),
    NO_AUTH(-102, TreeError.NO_AUTH),
    BAD_VERSION(-103, TreeError.BAD_VERSION),
    NO_CHILDREN_FOR_EPHEMERALS(-108, TreeError.NO_CHILDREN_FOR_EPHEMERALS),
    NODE_EXISTS(-110, TreeError.NODE_EXISTS),
    NOT_EMPTY(-111, TreeError.NOT_EMPTY),
    SESSION_EXPIRED(-112, TreeError.SESSION_EXPIRED),
    INVALID_ACL(-114, TreeError.INVALID_ACL),
    AUTH_FAILED(-115, TreeError.AUTH_FAILED),
    SESSION_MOVED(-118, TreeError.SESSION_MOVED),
    NO_WATCHER(-121, null),
    RECONFIG_DISABLED(-123, null),
    QUOTA_EXCEEDED(-125, TreeError.QUOTA_EXCEEDED);

    private static final Map<TreeError, ErrorCode> BY_TREE_ERROR = new EnumMap<>(TreeError.class);

    static {
        for (ErrorCode error : values()) {
            if (error.treeError != null) {
                BY_TREE_ERROR.put(error.treeError, error);
            }
        }
    }

    private final int code;
    private final @Nullable TreeError treeError;

    ErrorCode(int code, @Nullable TreeError treeError) {
        this.code = code;
        this.treeError = treeError;
    }

    /** The number on the wire. */
    int code() {
        return code;
    }

    /** The tree's error that is sent with this code, or null when the tree has none. */
    @Nullable
    TreeError treeError() {
        return treeError;
    }

    /** The code of the tree's error. */
    static ErrorCode of(TreeError error) {
        final ErrorCode code = BY_TREE_ERROR.get(error);
        if (code == null) {
            throw new IllegalStateException("an error of the tree without a code: error=" + error);
        }
        return code;
    }

    /** The code of a refused change of members. */
    static ErrorCode of(Membership.Refusal refusal) {
        return switch (refusal) {
            case BAD_ARGUMENTS -> BAD_ARGUMENTS;
            case BAD_VERSION -> BAD_VERSION;
            case IN_PROGRESS -> RECONFIG_IN_PROGRESS;
            case NO_QUORUM -> NEW_CONFIG_NO_QUORUM;
            case UNIMPLEMENTED -> UNIMPLEMENTED;
        };
    }
}
