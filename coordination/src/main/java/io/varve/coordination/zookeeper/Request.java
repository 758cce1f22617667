// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.coordination.zookeeper;

/** One request of a client as it was read from its frame. How it is carried out depends on its kind alone. */
sealed interface Request
        permits LocalRequest,
                WriteRequest,
                Request.Sync,
                Request.Auth,
                Request.Sasl,
                Request.Reconfig,
                Request.CloseSession,
                Request.Refused {

    /** What statistics call it. */
    OpCode opCode();

    /** Waits until this member has caught up with the leader; {@code path} is only sent back. */
    record Sync(String path) implements Request {
        @Override
        public OpCode opCode() {
            return OpCode.SYNC;
        }
    }

    /** Adds an identity to the connection. */
    @SuppressWarnings("ArrayRecordComponent") // handed over, never compared
    record Auth(String scheme, byte[] proof) implements Request {
        @Override
        public OpCode opCode() {
            return OpCode.AUTH;
        }
    }

    /** Begins a SASL exchange, which this server does not have. */
    record Sasl() implements Request {
        @Override
        public OpCode opCode() {
            return OpCode.SASL;
        }
    }

    /** Changes the members of the quorum. */
    record Reconfig(MembershipChange change) implements Request {
        @Override
        public OpCode opCode() {
            return OpCode.RECONFIG;
        }
    }

    /** Ends the session. */
    record CloseSession() implements Request {
        @Override
        public OpCode opCode() {
            return OpCode.CLOSE_SESSION;
        }
    }

    /** Cannot be carried out, whatever the state of the tree. */
    record Refused(OpCode opCode, ErrorCode error) implements Request {}
}
