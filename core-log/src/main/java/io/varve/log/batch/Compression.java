// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.log.batch;

/** How the records of a batch are compressed; in the order of their numbers. */
public enum Compression {
    NONE(0),
    GZIP(1),
    SNAPPY(2),
    LZ4(3),
    ZSTD(4);

    private static final Compression[] ALL = values();

    private final int id;

    Compression(int id) {
        this.id = id;
    }

    /**
     * The compression with this number.
     *
     * @throws InvalidBatchException when there is none
     */
    public static Compression of(int id) {
        if (id < 0 || id >= ALL.length) {
            throw new InvalidBatchException(InvalidBatchException.Reason.COMPRESSION, "compression=" + id);
        }
        return ALL[id];
    }

    /** The number in the batch's attributes. */
    public int id() {
        return id;
    }
}
