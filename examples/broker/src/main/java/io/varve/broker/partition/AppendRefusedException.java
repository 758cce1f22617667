// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.partition;

/** A batch is sound in itself but does not fit this partition now. Unless the reason says otherwise nothing was appended. */
public final class AppendRefusedException extends RuntimeException {

    private static final long serialVersionUID = 1L;

    /** Why the batch does not fit. */
    public enum Reason {
        /** Its sequence does not follow the producer's last one. */
        OUT_OF_ORDER_SEQUENCE,
        /** The producer is unknown here and does not begin at 0. */
        UNKNOWN_PRODUCER,
        /** A later epoch of the producer has appended. */
        PRODUCER_FENCED,
        /** It belongs to a transaction that this partition is not part of. */
        TRANSACTIONAL,
        /** Its timestamp is too far from the broker's clock. */
        TIMESTAMP,
        /** The topic demands something of records that these do not have. */
        RECORD,
        /** The producer wants more replicas in sync than there are. */
        NOT_ENOUGH_REPLICAS,
        /** It is appended, and not known to be committed although the time is over. */
        NOT_COMMITTED_IN_TIME,
        /** This broker does not lead the partition, or does no longer. */
        NOT_LEADER,
        /** The client knows an older leader epoch. */
        STALE_LEADER_EPOCH,
        /** The client knows a newer leader epoch. */
        UNKNOWN_LEADER_EPOCH
    }

    private final Reason reason;

    public AppendRefusedException(Reason reason, String message) {
        super(message);
        this.reason = reason;
    }

    /** Why. */
    public Reason reason() {
        return reason;
    }
}
