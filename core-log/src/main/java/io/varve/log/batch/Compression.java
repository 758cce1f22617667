// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.log.batch;

/** How the records of a batch are compressed; in the order of their numbers. */
public enum Compression {
    /** The records stand as they are. */
    NONE(0),
    /** Needs nothing but the JDK. */
    GZIP(1),
    /** Needs snappy-java, and uses its framing. */
    SNAPPY(2),
    /** Needs lz4-java; the standard frame. */
    LZ4(3),
    /** Needs zstd-jni. */
    ZSTD(4);

    private static final Compression[] ALL = values();

    /** How many there are: one more than the largest number. */
    static final int COUNT = ALL.length;

    private final int id;

    Compression(int id) {
        this.id = id;
    }

    /**
     * The compression with this number.
     *
     * @param id the number, as in the attributes of a batch
     * @return the compression
     * @throws InvalidBatchException when there is none
     */
    public static Compression of(int id) {
        if (id < 0 || id >= COUNT) {
            throw new InvalidBatchException(InvalidBatchException.Reason.COMPRESSION, "compression=" + id);
        }
        return ALL[id];
    }

    /** {@return the number in the batch's attributes} */
    public int id() {
        return id;
    }
}
