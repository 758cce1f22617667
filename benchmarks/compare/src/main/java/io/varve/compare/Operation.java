// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.compare;

import java.util.function.IntConsumer;
import org.apache.zookeeper.CreateMode;
import org.apache.zookeeper.ZooDefs;
import org.apache.zookeeper.ZooKeeper;

/** What a load does over and over. */
enum Operation {
    /** Creates a node under the session's own. */
    CREATE {
        @Override
        void start(ZooKeeper client, String node, long number, byte[] data, IntConsumer done) {
            client.create(
                    node + "/" + number,
                    data,
                    ZooDefs.Ids.OPEN_ACL_UNSAFE,
                    CreateMode.PERSISTENT,
                    (rc, path, context, name) -> done.accept(rc),
                    null);
        }
    },
    /** Sets the data of the session's own node. */
    SET {
        @Override
        void start(ZooKeeper client, String node, long number, byte[] data, IntConsumer done) {
            client.setData(node, data, -1, (rc, path, context, stat) -> done.accept(rc), null);
        }
    },
    /** Reads the data of the session's own node. */
    GET {
        @Override
        void start(ZooKeeper client, String node, long number, byte[] data, IntConsumer done) {
            client.getData(node, false, (rc, path, context, read, stat) -> done.accept(rc), null);
        }
    };

    /** Starts one; {@code done} gets its result code. */
    abstract void start(ZooKeeper client, String node, long number, byte[] data, IntConsumer done);
}
