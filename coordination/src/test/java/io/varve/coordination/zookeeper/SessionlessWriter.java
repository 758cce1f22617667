// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.coordination.zookeeper;

import static org.assertj.core.api.Assertions.assertThat;

import io.varve.coordination.tree.CreateMode;
import io.varve.coordination.tree.SessionOwner;
import io.varve.coordination.tree.TreeCommand;
import io.varve.coordination.tree.TreeOp;
import io.varve.coordination.tree.TreeResult;
import java.util.List;

/** Changes the tree as a client of another member would: a session without a connection here. */
final class SessionlessWriter {

    private static final SessionOwner ELSEWHERE = new SessionOwner(2, 1);

    private final FakeReplica replica;
    private final long sessionId;

    SessionlessWriter(TestServer server) {
        this(server.replica());
    }

    SessionlessWriter(FakeReplica replica) {
        this.replica = replica;
        final TreeResult result = replica.applyNow(new TreeCommand.OpenSession(ELSEWHERE, 60_000, new byte[16]))
                .result();
        sessionId = ((TreeResult.Opened) result).sessionId();
    }

    void create(String path) {
        apply(new TreeOp.Create(path, new byte[] {7}, CreateMode.PERSISTENT));
    }

    void set(String path) {
        apply(new TreeOp.Set(path, new byte[] {8}, TreeOp.ANY_VERSION));
    }

    private void apply(TreeOp operation) {
        final TreeResult result = replica.applyNow(new TreeCommand.Update(sessionId, ELSEWHERE, List.of(), operation))
                .result();
        assertThat(result).isNotInstanceOf(TreeResult.Failed.class);
    }
}
