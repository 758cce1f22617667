// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.coordination.zookeeper;

/**
 * The frame around the parts of a multi and of its reply:
 *
 * <pre>
 *   int type | byte done | int err     before each part, done = 0
 *   ...the part...
 *   int -1   | byte 1    | int -1      behind the last
 * </pre>
 */
final class MultiFormat {

    private static final int ERROR_TYPE = -1;
    private static final int END = -1;

    private MultiFormat() {}

    static void writeHeader(JuteWriter body, int type, boolean done, int error) {
        body.writeInt(type).writeBoolean(done).writeInt(error);
    }

    static void writeError(JuteWriter body, ErrorCode error) {
        writeHeader(body, ERROR_TYPE, false, error.code());
        body.writeInt(error.code());
    }

    static void writeEnd(JuteWriter body) {
        writeHeader(body, END, true, END);
    }
}
