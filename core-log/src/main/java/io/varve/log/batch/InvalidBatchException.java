// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.log.batch;

/** Bytes that were to be appended or read are not a valid batch. Nothing was appended: refuse whoever sent them. */
public final class InvalidBatchException extends RuntimeException {

    private static final long serialVersionUID = 1L;

    /** What is wrong with a batch. */
    public enum Reason {
        /** The batch is shorter than its header or claims more bytes than are there. */
        LENGTH,
        /** The batch is larger than is allowed. */
        TOO_LARGE,
        /** The batch has a format other than 2. */
        MAGIC,
        /** The checksum does not match. */
        CRC,
        /** There are no records, or their number does not match the offsets. */
        COUNT,
        /** The offsets do not go on from those before. */
        OFFSETS,
        /** A timestamp makes no sense. */
        TIMESTAMP,
        /** The compression is unknown. */
        COMPRESSION,
        /** The records inside are malformed although the checksum is right. */
        RECORDS
    }

    private final Reason reason;

    /**
     * Says what is wrong.
     *
     * @param reason what is wrong
     * @param detail the values that show it
     */
    public InvalidBatchException(Reason reason, String detail) {
        super("invalid batch: reason=" + reason + ", " + detail);
        this.reason = reason;
    }

    /**
     * Says what is wrong and why that shows.
     *
     * @param reason what is wrong
     * @param detail the values that show it
     * @param cause what found it
     */
    public InvalidBatchException(Reason reason, String detail, Throwable cause) {
        super("invalid batch: reason=" + reason + ", " + detail, cause);
        this.reason = reason;
    }

    /** {@return what is wrong} */
    public Reason reason() {
        return reason;
    }
}
