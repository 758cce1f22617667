// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.coordination.zookeeper;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import org.apache.jute.BinaryInputArchive;
import org.apache.jute.BinaryOutputArchive;
import org.apache.jute.Record;
import org.apache.zookeeper.proto.ConnectRequest;
import org.apache.zookeeper.proto.ReplyHeader;
import org.apache.zookeeper.proto.RequestHeader;

/** Apache ZooKeeper's own records as frames and back: the oracle. */
final class Records {

    private Records() {}

    static ByteBuffer frame(Record... records) {
        try {
            final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
            final BinaryOutputArchive archive = BinaryOutputArchive.getArchive(bytes);
            for (Record record : records) {
                record.serialize(archive, "record");
            }
            return ByteBuffer.wrap(bytes.toByteArray());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static ByteBuffer request(int xid, int type, Record... body) {
        final Record[] records = new Record[body.length + 1];
        records[0] = new RequestHeader(xid, type);
        System.arraycopy(body, 0, records, 1, body.length);
        return frame(records);
    }

    static ByteBuffer connect(long seenZxid, int timeoutMs, long sessionId, byte[] password) {
        return frame(new ConnectRequest(0, seenZxid, timeoutMs, sessionId, password, false));
    }

    /** Reads a record and leaves the buffer behind it. */
    static <R extends Record> R read(ByteBuffer frame, R record) {
        final byte[] bytes = new byte[frame.remaining()];
        frame.duplicate().get(bytes);
        final ByteArrayInputStream in = new ByteArrayInputStream(bytes);
        try {
            record.deserialize(BinaryInputArchive.getArchive(in), "record");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        frame.position(frame.limit() - in.available());
        return record;
    }

    static ReplyHeader header(ByteBuffer frame) {
        return read(frame, new ReplyHeader());
    }
}
