// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.log;

/** A part of a file is damaged: repair it from a replica, or read on behind it. */
public final class CorruptLogException extends LogException {

    private static final long serialVersionUID = 1L;

    private final String file;
    private final long position;
    private final String reason;

    /**
     * Says where.
     *
     * @param file name of the file inside the log's directory
     * @param position where in the file the damage begins
     * @param reason what is wrong there
     */
    public CorruptLogException(String file, long position, String reason) {
        super("corrupt log: file=" + file + ", position=" + position + ", reason=" + reason);
        this.file = file;
        this.position = position;
        this.reason = reason;
    }

    /** {@return name of the file inside the log's directory} */
    public String file() {
        return file;
    }

    /** {@return where in the file the damage begins} */
    public long position() {
        return position;
    }

    /** {@return what is wrong there} */
    public String reason() {
        return reason;
    }
}
