// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.coordination.zookeeper;

/**
 * The way to change the members of the quorum: ZooKeeper's reconfig.
 *
 * <p>Threading: called on the member's thread; the reply is called on it, too.
 */
@FunctionalInterface
public interface Membership {

    /** Begins the change; it is permitted. */
    void change(MembershipChange change, Reply reply);

    /** Takes what came of a change; exactly one of the methods is called, once. */
    interface Reply {

        /** The change is committed, and the configuration node of this member shows it. */
        void done();

        /** Nothing has changed. */
        void refused(Refusal refusal);

        /** Nobody here can tell what came of it. */
        void lost(String reason);
    }

    /** Why members were not changed. */
    enum Refusal {
        /** A member's line cannot be read or contradicts another. */
        BAD_ARGUMENTS,
        /** The configuration is not the expected one. */
        BAD_VERSION,
        /** Another change is going on. */
        IN_PROGRESS,
        /** Too few of the new members have caught up. */
        NO_QUORUM,
        /** This server has no members to change. */
        UNIMPLEMENTED
    }
}
