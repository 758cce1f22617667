// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.transport.netty;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import java.net.InetAddress;
import java.util.HashMap;
import java.util.Map;

/**
 * Counts the connections of a listener, together and by address.
 *
 * <p>Threading: safe.
 */
final class ConnectionLimits {

    private final int most;
    private final int mostPerIp;

    @GuardedBy("this")
    private final Map<InetAddress, Integer> byIp = new HashMap<>();

    @GuardedBy("this")
    private int open;

    ConnectionLimits(int most, int mostPerIp) {
        this.most = most;
        this.mostPerIp = mostPerIp;
    }

    /** Counts a connection, unless that would be one too many: then the result says which limit it is. */
    synchronized String refusal(InetAddress ip) {
        if (open >= most) {
            return "max.connections=" + most;
        }
        if (byIp.getOrDefault(ip, 0) >= mostPerIp) {
            return "max.connections.per.ip=" + mostPerIp;
        }
        open++;
        byIp.merge(ip, 1, Integer::sum);
        return "";
    }

    synchronized void closed(InetAddress ip) {
        open--;
        byIp.computeIfPresent(ip, (address, count) -> count == 1 ? null : count - 1);
    }

    synchronized int open() {
        return open;
    }
}
