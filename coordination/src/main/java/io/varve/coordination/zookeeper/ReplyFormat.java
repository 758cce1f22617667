// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.coordination.zookeeper;

import io.varve.coordination.tree.WatchEvent;
import java.nio.ByteBuffer;

/**
 * What a server sends:
 *
 * <pre>
 *   0        4                  12        16
 *   +--------+------------------+---------+----------
 *   | xid    | zxid             | error   | body...      of a request: none when the error is not 0
 *   +--------+------------------+---------+----------
 *   | -1     | zxid             | 0       | int type | int state | text path        of a watch
 *   +--------+------------------+---------+----------
 * </pre>
 */
final class ReplyFormat {

    private static final int ZXID_OFFSET = 4;
    private static final int ERROR_OFFSET = 12;
    private static final int HEADER_BYTES = 16;

    private static final int EVENT_XID = -1;
    private static final int SYNC_CONNECTED = 3;

    private ReplyFormat() {}

    /** Begins the reply to a request; its body is to be written next. */
    static JuteWriter begin(int xid) {
        return new JuteWriter().writeInt(xid).writeLong(0).writeInt(0);
    }

    /** Ends a reply that {@link #begin} began; with an error its body is dropped. */
    static ByteBuffer end(JuteWriter reply, long zxid, ErrorCode error) {
        if (error != ErrorCode.OK) {
            reply.truncateTo(HEADER_BYTES);
        }
        reply.patchLong(ZXID_OFFSET, zxid);
        reply.patchInt(ERROR_OFFSET, error.code());
        return reply.toFrame();
    }

    static ByteBuffer event(WatchEvent event) {
        return new JuteWriter()
                .writeInt(EVENT_XID)
                .writeLong(event.zxid())
                .writeInt(ErrorCode.OK.code())
                .writeInt(codeOf(event.type()))
                .writeInt(SYNC_CONNECTED)
                .writeText(event.path())
                .toFrame();
    }

    private static int codeOf(WatchEvent.Type type) {
        return switch (type) {
            case NODE_CREATED -> 1;
            case NODE_DELETED -> 2;
            case NODE_DATA_CHANGED -> 3;
            case NODE_CHILDREN_CHANGED -> 4;
        };
    }
}
