// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.coordination.agent;

import io.varve.replication.transport.ConnectionAcceptor;
import io.varve.replication.transport.Listener;
import io.varve.replication.transport.Transport;
import java.net.InetSocketAddress;
import java.util.function.Consumer;

/**
 * What a quorum of one member has instead of a transport.
 *
 * <p>Threading: safe.
 */
final class NoTransport implements Transport {

    @Override
    public Listener listen(InetSocketAddress local, ConnectionAcceptor acceptor) {
        throw new IllegalStateException("a quorum of one member listens to nobody: local=" + local);
    }

    @Override
    public void connect(InetSocketAddress remote, ConnectionAcceptor acceptor, Consumer<String> onFailed) {
        onFailed.accept("a quorum of one member connects to nobody: remote=" + remote);
    }

    @Override
    public void close() {}
}
